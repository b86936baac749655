"""Who was met in a room: names for completion and mentions, those who spoke last first. Pure.

Owns their order and their number. Must not know what was said.
"""

from __future__ import annotations

from collections.abc import Iterable

from common.protocol.messages import Person
from common.safe import one_line


class NamesSeen:
    """Names by user, the latest last. The names are harmless already, save for `introduced`."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def met(self, user: str, nick: str, most: int, *, lately: bool = True) -> None:
        """Remember somebody's name, as the latest; one from history only where it is new. The
        earliest goes where there are more than `most`."""
        if not lately:
            if user not in self._names:
                self._names = {user: nick, **self._names}
        else:
            # What is taken out and put in again stands at the end.
            self._names.pop(user, None)
            self._names[user] = nick
        if len(self._names) > most:
            del self._names[next(iter(self._names))]

    def introduced(self, people: Iterable[Person], me: str, most: int) -> None:
        """Names of those who are here, but for `me`; who spoke lately stays in front."""
        spoke = self.nicks()
        known = set(spoke)
        names = {one_line(person.nick): person.user for person in people}
        for nick, user in names.items():
            if user != me and nick not in known:
                self.met(user, nick, most)
        for nick in reversed(spoke):
            if nick in names:
                self.met(names[nick], nick, most)

    def nicks(self) -> list[str]:
        """The names, those who spoke last first."""
        return [nick for nick in reversed(self._names.values()) if nick]

    def people(self) -> list[tuple[str, str]]:
        """Users and names, in the same order."""
        return [(user, nick) for user, nick in reversed(self._names.items()) if nick]

    def folded(self) -> set[str]:
        """The names in folded case."""
        return {nick.casefold() for nick in self._names.values()}
