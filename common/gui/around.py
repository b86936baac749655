"""The servers of the network, for the form: looked for while it is shown.

Owns the look-out's life, and how what it finds becomes something to choose. What it tells comes
through `post`, never after `close`. Must not know a widget, nor decide on trust
(`common.client.nearby`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.client.joining import follows
from common.client.nearby import Choice, Standing, judge
from common.client.pins import BadPins, Pin, Pins
from common.gui.screens import Post
from common.gui.servers import Offer
from common.gui.settings import Remembered
from common.lan.found import Found, apart
from common.lan.permission import allowed
from common.lan.words import why
from common.settings import Settings

if TYPE_CHECKING:
    from common.lan.browse import Watch
    from common.lan.mdns import Unavailable

_LOG = logging.getLogger(__name__)


class Neighbourhood:
    """Looks from `start` to `close`, each of which may be repeated. For the window's thread."""

    def __init__(
        self,
        settings: Settings,
        data_dir: Path,
        remembered: Remembered,
        post: Post,
        on_change: Callable[[], object],
    ) -> None:
        """`on_change` is told, in the window, that `offers` or `trouble` is another."""
        self.looks = follows(settings) and allowed()
        """Whether anything is looked for at all."""
        self.offers: list[Offer] = []
        self.trouble = ""
        """Why nothing can be found, in words."""
        self._data_dir = data_dir
        self._remembered = remembered
        self._post = post
        self._on_change = on_change
        self._found: list[Found] = []
        self._watch: Watch | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._watch is None and self.looks:
            # Only here: a window that goes straight into a chat never looks.
            from common.lan.browse import Watch

            watch = self._watch = Watch(
                lambda found: self._post(lambda: self._changed(watch, found)),
                lambda trouble: self._post(lambda: self._suffers(watch, trouble)),
            )
            watch.start()

    def close(self) -> None:
        """Look no more; what was found stays."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close(0)

    def choice(self, offer: Offer) -> Choice | None:
        """An offer as joining needs it; None for one that was not found here."""
        if offer.found is None:
            return None
        others = (one for one in self._found if one.identity != offer.found.identity)
        return Choice(offer.found, tuple(others))

    def _changed(self, watch: Watch, found: list[Found]) -> None:
        if watch is self._watch:
            self._found = found
            self.offers = offers_of(found, self._pins(), self._remembered)
            self._on_change()

    def _suffers(self, watch: Watch, trouble: Unavailable | None) -> None:
        if watch is self._watch:
            self.trouble = why(trouble) if trouble is not None else ""
            self._on_change()

    def _pins(self) -> Mapping[str, Pin]:
        try:
            return Pins.of(self._data_dir).all()
        except (BadPins, OSError) as error:
            _LOG.warning("the trusted servers could not be read: %s", error)
            return {}


def offers_of(
    found: Sequence[Found], pins: Mapping[str, Pin], remembered: Remembered
) -> list[Offer]:
    """What is found, as something to choose: what is known first, since anybody may announce
    anything. Pure."""
    names = apart(found)
    nicks = {one.server: one.nick for one in remembered.servers}
    offers = []
    for one in found:
        others = tuple(other for other in found if other is not one)
        judged = judge(Choice(one, others), pins)
        place = one.shown[0]
        offers.append(
            Offer(
                server=place,
                name=names[one.identity],
                place=place,
                encrypted=one.key is not None,
                nick=nicks.get(place) or nicks.get(judged.label, ""),
                key=one.key or "",
                found=one,
                standing=judged.standing,
            )
        )
    return sorted(offers, key=lambda offer: offer.standing is not Standing.KNOWN)
