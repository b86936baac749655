"""A room's rules: who may write and how fast, what newcomers read, for how long it is kept."""

from __future__ import annotations

from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.i18n import _
from common.protocol import deeds

_PAUSES = (0, 5, 30, 60, 300, 3_600)
_AS_IT_IS = "-"


class Rules(Asking):
    """Presented at once. What the broker does not tell stays unless another is chosen."""

    def __init__(self, desk: Desk, name: str) -> None:
        from common import when

        room = desk.talk.rooms[name]
        super().__init__(desk.over, _("Rules of {room}").format(room=room.title))
        self._desk, self._room = desk, name
        self.readonly = self.check(_("Only moderators write"), room.kind.readonly)
        pauses = sorted({*_PAUSES, room.kind.slow})
        words = [(str(one), when.span(one) if one else _("none")) for one in pauses]
        self.slow = self.choice(
            _("Pause between two messages of one person"), words, str(room.kind.slow)
        )
        self.newcomers = None
        if room.kind.private:
            self.newcomers = self.choice(
                _("Newcomers may read"),
                [
                    (_AS_IT_IS, _("as it is now")),
                    ("all", _("all that was said here")),
                    ("new", _("what is said from then on")),
                ],
            )
        spans = [(str(one), when.span(one)) for one in (86_400, 604_800, 2_592_000, 31_536_000)]
        self.keep = self.choice(
            _("Messages are kept"),
            [(_AS_IT_IS, _("as it is now")), ("0", _("for ever")), *spans],
        )
        self.answer(_("Apply"), self._answer)
        self.present()

    def _answer(self) -> None:
        given: dict[str, object] = {
            "readonly": self.readonly.value,
            "slow": int(self.slow.value),
        }
        if self.newcomers is not None and self.newcomers.value != _AS_IT_IS:
            given["newcomers"] = self.newcomers.value
        if self.keep.value != _AS_IT_IS:
            given["keep"] = int(self.keep.value)
        self.wait()
        deed = deeds.Set(room=self._room, **given)  # type: ignore[arg-type]
        self._desk.do(deed, "", self.done, self.failed)
