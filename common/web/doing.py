"""Commands from a page's menus and dialogs: each is answered to the one that asked.

Owns which commands there are, and that their arguments are as a typed line's would be. What they do
is the controller's and `talk.deeds`'. Must not know sockets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar

from common.client.commands import Call, Wrong, find
from common.client.conversation import Conversation, Fetch
from common.client.events import CodeReply, JoinedReply, Refused
from common.client.places import place
from common.client.vocabulary import CHOICES, Command, Kind
from common.explain import explain
from common.i18n import _, n_, number
from common.protocol import deeds, names
from common.safe import one_line
from common.talk.deeds import Deeds
from common.talk.setup import AnyClient
from common.talk.ways import Ways
from common.web.actions import Do
from common.web.chat import WebSession
from common.web.view import View
from common.when import until

T = TypeVar("T")

UNDER_WAY: Final = 8
"""Commands of one page whose answers have not come; more are refused."""
HERE: Final = frozenset({"join", "leave", "nick", "msg", "invitation", "device-code"})
"""Commands that are answered otherwise than a typed line's."""
OTHERS: Final = frozenset(
    {
        "create", "silence", "ignore", "unignore", "invite", "remove", "kick", "mute", "unmute",
        "role", "delete", "readonly", "slow", "keep", "newcomers", "ban", "unban", "disconnect",
        "free", "approve", "revoke", "withdraw",
    }
)  # fmt: skip
QUIT: Final = "quit"


class Doings:
    """Carries out the `do` messages of one page."""

    def __init__(self, session: WebSession, view: View) -> None:
        self._session = session
        self._view = view
        self._open = 0

    def do(self, asked: Do) -> None:
        """Do it, and answer under its id."""
        one = _Doing(self._session, lambda ok, rows, more: self._did(asked.id, ok, rows, more))
        if self._open >= UNDER_WAY:
            one.refused(Refused("rate-limited", ""))
            return
        self._open += 1
        one.done = self._closed
        call = checked(asked)
        if isinstance(call, Wrong):
            one.wrong(call)
        elif call.name == QUIT:
            one.status("")
            self._session.quit()
        else:
            one.carry_out(call)

    def _closed(self) -> None:
        self._open -= 1

    def _did(self, id: int, ok: bool, rows: list[str], more: dict[str, object]) -> None:
        text = " ".join(rows[0].split("\t")) if rows else ""
        columns = [[one_line(part) for part in row.split("\t", 1)] for row in rows]
        self._view.tell(
            {"t": "did", "id": id, "ok": ok, "text": one_line(text), "rows": columns, **more}
        )


class _Doing:
    """One command, as the chat that its handler speaks with (`talk.errands.Chat`)."""

    def __init__(
        self, session: WebSession, answer: Callable[[bool, list[str], dict[str, object]], None]
    ) -> None:
        self._controller = session.controller
        self._answer = answer
        self._answered = False
        self.done: Callable[[], None] = lambda: None
        self.conversation: Conversation = session.talk
        self.role = session.controller.role
        self.client: AnyClient = session.client

    def carry_out(self, call: Call) -> None:
        own: Callable[[Call], Wrong | None] | None = None
        if call.name in HERE:
            own = getattr(self, f"_do_{call.name.replace('-', '_')}")
        handler = own or Deeds(self).handler(call.name)
        with self._standing_in(call):
            wrong = handler(call)
        if wrong is not None:
            self.wrong(wrong)

    @contextmanager
    def _standing_in(self, call: Call) -> Iterator[None]:
        """The room that is meant is the open one, while the handler asks which that is."""
        talk = self.conversation
        room, current = call.room, talk.current
        command = find(call.name)
        argument = command is not None and any(p.kind is Kind.ROOM for p in command.parameters)
        if argument or room not in talk.rooms:
            yield
            return
        talk.current = room
        try:
            yield
        finally:
            talk.current = current

    # --- as a handler sees it --------------------------------------------------------------------

    def ask(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[Refused], None] | None = None,
    ) -> None:
        self._controller.ask(future, done, failed or self.refused)

    def fetch(self, fetches: list[Fetch]) -> None:
        self._controller.fetch(fetches)

    def tell(self, lines: list[str], **more: object) -> None:
        self._say(True, lines, more)

    def status(self, text: str) -> None:
        self._say(True, [text] if text else [], {})

    def refused(self, error: Refused) -> None:
        self._say(False, [explain(error.code, error.values, error.text)], {"code": error.code})

    def wrong(self, wrong: Wrong) -> None:
        self._say(False, [wrong.text], {})

    def enter_room(self, place: str, note: str = "") -> None:
        self._join(place, note)

    def ways(self) -> Ways:
        return self._controller.ways()

    def invitation_link(self, code: str) -> str:
        return self._controller.invitation_link(code)

    def _say(self, ok: bool, lines: list[str], more: dict[str, object]) -> None:
        if not self._answered:
            self._answered = True
            self.done()
            self._answer(ok, lines, more)

    # --- commands that open a room ---------------------------------------------------------------

    def _do_join(self, call: Call) -> Wrong | None:
        self._join(call.room)
        return None

    def _join(self, place: str, note: str = "") -> None:
        name = self._controller.known_as(place)

        def inside() -> None:
            if note:
                self._controller.tell([note])
            self.status("")

        def joined(reply: JoinedReply) -> None:
            self._controller.enter_joined(reply)
            inside()

        if name in self.conversation.rooms:
            self._controller.open(name)
            inside()
        else:
            self.ask(self.client.join(name), joined)

    def _do_msg(self, call: Call) -> Wrong | None:
        for room in self.conversation.rooms.values():
            if call.user and room.kind.peer is not None and room.kind.peer.user == call.user:
                self._join(room.name)
                return None
        self._join(f"@{call.nick}")
        return None

    def _do_leave(self, call: Call) -> Wrong | None:
        name = call.room or self.conversation.current
        if name not in self.conversation.rooms:
            return Wrong(_("You are not in {room}.").format(room=f"#{one_line(name)}"))

        def left(_reply: object) -> None:
            self._controller.left(name)
            self.status("")

        self.ask(self.client.leave(name), left)
        return None

    def _do_nick(self, call: Call) -> Wrong | None:
        def renamed(_reply: object) -> None:
            self.conversation.renamed(call.nick)
            self.status(_("You are {nick} here.").format(nick=call.nick))

        self.ask(self.client.nick(call.nick), renamed)
        return None

    # --- codes -----------------------------------------------------------------------------------

    def _do_invitation(self, call: Call) -> Wrong | None:
        def made(reply: CodeReply) -> None:
            uses = n_("lets {n} person in", "lets {n} people in", reply.uses).format(
                n=number(reply.uses)
            )
            end = until(reply.expires) if reply.expires else _("without end")
            self._code(reply, f"{uses}, {end}")

        deed = deeds.MakeInvitation(uses=call.count or 1, seconds=call.seconds)
        self.ask(self.client.make_code(deed), made)
        return None

    def _do_device_code(self, _call: Call) -> Wrong | None:
        def made(reply: CodeReply) -> None:
            self._code(reply, _("good once, {until}").format(until=until(reply.expires)))

        self.ask(self.client.make_code(deeds.MakeDeviceCode()), made)
        return None

    def _code(self, reply: CodeReply, about: str) -> None:
        link = self.invitation_link(reply.code)
        more = {"code": reply.code, "about": about, "name": reply.name, "link": link}
        self.tell([f"{reply.code}\t{about}"], **more)


def checked(asked: Do) -> Call | Wrong:
    """The command, if its arguments are what a typed line's would be."""
    command = find(asked.name)
    if command is None or asked.name not in HERE | OTHERS | {QUIT} or command.name != asked.name:
        return Wrong(_("There is no command /{word}.").format(word=one_line(asked.name)))
    try:
        room = place(asked.room) if asked.room else ""
        nick = names.nick(asked.nick) if asked.nick else ""
    except names.BadName as error:
        values = {"value": one_line(error.value), "reason": error.reason}
        return Wrong(explain(error.code, values))
    call = Call(
        asked.name, room=room, nick=nick, text=asked.text.strip(), count=asked.count,
        seconds=asked.seconds, choice=asked.choice, key=asked.key.lower(), user=asked.user,
    )  # fmt: skip
    if all(_given(one.kind, call) for one in command.parameters if one.required) and _fits(
        command, call
    ):
        return call
    return Wrong(_("This is how: {usage}").format(usage=command.usage()))


def _given(kind: Kind, call: Call) -> bool:
    match kind:
        case Kind.ROOM:
            return bool(call.room)
        case Kind.NICK:
            return bool(call.nick or call.user or call.key)
        case Kind.MESSAGE:
            return call.count > 0
        case Kind.SPAN:
            return call.choice == "off" or call.seconds > 0
        case Kind.KEY:
            return bool(call.key)
        case Kind.NAME | Kind.TEXT:
            return bool(call.text)
        case _:
            return kind not in CHOICES or bool(call.choice)


def _fits(command: Command, call: Call) -> bool:
    """Whether what was chosen is among what there is to choose from."""
    offered = {name for one in command.parameters for name in CHOICES.get(one.kind, {})}
    return not call.choice or call.choice in offered
