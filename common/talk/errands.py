"""Commands about the server and one's own keys: codes, devices, who waits, bans, roles, the log.

Owns those, and how any command asks the broker and tells the answer. Must not know rooms' rules
(`deeds`), keys, widths or prompt_toolkit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from common import when
from common.client.commands import Call, Wrong, find
from common.client.conversation import Conversation, Fetch
from common.client.decisions import short_key
from common.client.entries import list_lines, log_line, named
from common.client.events import AuditReply, CodeReply, ListReply, Refused
from common.i18n import _, n_, number
from common.keys import is_key
from common.protocol import deeds
from common.protocol.deeds import Lists
from common.protocol.identity import user_of_key
from common.talk.setup import AnyClient
from common.talk.ways import Ways

T = TypeVar("T")
AUDIT_USUAL = 20


class Chat(Protocol):
    """What these need of the controller."""

    client: AnyClient
    conversation: Conversation
    role: str

    def ask(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[Refused], None] | None = None,
    ) -> None: ...
    def fetch(self, fetches: list[Fetch]) -> None: ...
    def tell(self, lines: list[str]) -> None: ...
    def status(self, text: str) -> None: ...
    def refused(self, error: Refused) -> None: ...
    def enter_room(self, place: str, note: str = "") -> None: ...
    def ways(self) -> Ways: ...
    def invitation_link(self, code: str) -> str: ...


class Errands:
    """`handler` finds what carries a command out."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def handler(self, name: str) -> Callable[[Call], Wrong | None]:
        """By the command's stable name. Raises AttributeError for one that is not among these."""
        found: Callable[[Call], Wrong | None] = getattr(self, f"_do_{name.replace('-', '_')}")
        return found

    def _ask(
        self, deed: deeds.Deed, told: str = "", failed: Callable[[Refused], None] | None = None
    ) -> None:
        """Does it; `told` is said here then, else only that it was done."""

        def done(_reply: object) -> None:
            if told:
                self._chat.tell([told])
            else:
                self._chat.status(_("Done."))

        self._chat.ask(self._chat.client.do(deed), done, failed)

    def _list(self, what: Lists, room: str = "") -> None:
        def listed(reply: ListReply) -> None:
            self._chat.tell(list_lines(what, reply.entries))

        self._chat.ask(self._chat.client.list(what, room), listed)

    def _do_devices(self, _call: Call) -> None:
        self._list("devices")

    def _do_device_code(self, _call: Call) -> None:
        def made(reply: CodeReply) -> None:
            self._chat.tell(
                [
                    f"{reply.code}\t"
                    + _("good once, {until}").format(until=when.until(reply.expires)),
                    _("On the other device: {command}").format(
                        command=f"client_cli.py chat --server … --invite {reply.code}"
                    ),
                ]
            )

        self._chat.ask(self._chat.client.make_code(deeds.MakeDeviceCode()), made)

    def _do_revoke(self, call: Call) -> None:
        self._with_key(
            "devices",
            call.key,
            lambda key: self._ask(deeds.Revoke(key=key), _("That key is revoked.")),
        )

    def _with_key(self, what: Lists, prefix: str, act: Callable[[str], None]) -> None:
        """Acts on the one key of a list that somebody means."""
        if is_key(prefix):
            act(prefix)
            return

        def listed(reply: ListReply) -> None:
            found = named(prefix, reply.entries)
            if len(found) == 1:
                act(found[0].key)
                return
            text = _("No key in this list begins with {key}.")
            if found:
                text = _("Several keys in this list begin with {key}: type more of it.")
            self._chat.tell([text.format(key=prefix), *list_lines(what, reply.entries)])

        self._chat.ask(self._chat.client.list(what), listed)

    # --- the server ------------------------------------------------------------------------------

    def _do_ban(self, call: Call) -> None:
        told = _("{nick} is banned from this server.").format(nick=whom(call))
        if call.seconds:
            told = _("{nick} is banned from this server for {time}.").format(
                nick=whom(call), time=when.span(call.seconds)
            )
        who = {"key": call.key} if call.key else person(call)
        self._ask(deeds.Ban(seconds=call.seconds, reason=call.text, **who), told)

    def _do_unban(self, call: Call) -> None:
        told = _("{nick} may come in again.").format(nick=whom(call))
        who = {"key": call.key} if call.key else person(call)
        self._ask(deeds.Unban(**who), told)

    def _do_disconnect(self, call: Call) -> None:
        told = _("The connections of {nick} are closed.").format(nick=whom(call))
        deed = deeds.Kick(seconds=call.seconds, reason=call.text, **person(call))
        self._ask(deed, told)

    def _do_waiting(self, _call: Call) -> None:
        self._list("waiting")

    def _do_approve(self, call: Call) -> None:
        told = _("That key may come in.")
        self._with_key("waiting", call.key, lambda key: self._ask(deeds.Approve(key=key), told))

    def _do_invitation(self, call: Call) -> None:
        def made(reply: CodeReply) -> None:
            uses = n_("lets {n} person in", "lets {n} people in", reply.uses).format(
                n=number(reply.uses)
            )
            until = when.until(reply.expires) if reply.expires else _("without end")
            lines = [f"{reply.code}\t{uses}, {until}"]
            link = self._chat.invitation_link(reply.code)
            if link:
                lines.append(_("As a link: {link}").format(link=link))
            else:
                lines.append(self._chat.ways().why)
            command = f"{shown('withdraw')} {reply.name}"
            lines.append(_("{command} takes it back.").format(command=command))
            self._chat.tell(lines)

        deed = deeds.MakeInvitation(uses=call.count or 1, seconds=call.seconds)
        self._chat.ask(self._chat.client.make_code(deed), made)

    def _do_invitations(self, _call: Call) -> None:
        self._list("invitations")

    def _do_withdraw(self, call: Call) -> None:
        told = _("The invitation {name} is void.").format(name=call.text)
        self._ask(deeds.Withdraw(name=call.text), told)

    def _do_free(self, call: Call) -> None:
        told = _("The nickname {nick} is free.").format(nick=call.nick)
        self._ask(deeds.Free(nick=call.nick, reason=call.text), told)

    def _do_roles(self, _call: Call) -> None:
        self._list("roles")

    def _do_audit(self, call: Call) -> None:
        def came(reply: AuditReply) -> None:
            lines = [log_line(entry) for entry in reply.entries]
            self._chat.tell(lines or [_("Nothing was decided yet.")])

        limit = call.count or AUDIT_USUAL
        self._chat.ask(self._chat.client.audit(limit=limit), came)


def person(call: Call) -> dict[str, str]:
    if call.user:
        return {"user": call.user}
    return {"user": user_of_key(call.key)} if call.key else {"nick": call.nick}


def whom(call: Call) -> str:
    return call.nick or short_key(call.key)


def sign(room: str) -> str:
    return room if room.startswith("@") else f"#{room}"


def shown(name: str) -> str:
    command = find(name)
    return command.shown() if command else name


def usage(name: str) -> str:
    command = find(name)
    return command.usage() if command else name
