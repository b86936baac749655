"""The commands by which people decide about rooms and about one another in them.

Owns what each asks of the broker, and in which words its answer is told; those about the server
and about keys are `errands`. Must not know keys, widths or prompt_toolkit. What the whole room is
told (who was muted, which rule is new) comes as an event; here it is only said that it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from common import when
from common.client.commands import Call, Wrong
from common.client.entries import list_lines
from common.client.events import ListReply, PeopleReply, Refused
from common.client.timeline import Said, Timeline
from common.i18n import _
from common.protocol import deeds
from common.protocol.names import nick_key
from common.talk.errands import Errands, person, shown, sign, usage


class Deeds(Errands):
    """All of these commands."""

    def _here(self) -> Timeline | Wrong:
        """The open room, where it can be decided about."""
        room = self._chat.conversation.room
        if room is None:
            return Wrong(_("You are in no room. {usage}").format(usage=usage("join")))
        if room.kind.peer is not None:
            return Wrong(_("This is a conversation between two: there is nothing to decide here."))
        return room

    def _to_members(self, room: Timeline, deed: deeds.Deed, told: str = "") -> None:
        """What only a private room has. Whether it is one is the broker's to say: a room that was
        made just now may not be known here yet as what it is."""

        def failed(error: Refused) -> None:
            if error.code == "bad-request" and not room.kind.private:
                text = _("{room} is open to everybody; {command} removes somebody from it.")
                self._chat.status(text.format(room=room.title, command=usage("kick")))
            else:
                self._chat.refused(error)

        self._ask(deed, told, failed)

    # --- rooms -----------------------------------------------------------------------------------

    def _do_create(self, call: Call) -> Wrong | None:
        if call.room.startswith("@"):
            return Wrong(
                _("A conversation between two begins with {usage}").format(usage=usage("msg"))
            )
        private = call.choice == "private"
        note = _("You moderate this room.")
        if private:
            note += " " + _("Nobody else sees it; {usage} lets somebody in.").format(
                usage=usage("invite")
            )
        made = self._chat.client.do(deeds.Create(room=call.room, private=private))
        self._chat.ask(made, lambda _reply: self._chat.enter_room(call.room, note))
        return None

    def _do_invite(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._to_members(room, deeds.Invite(room=room.name, **person(call)))
        return None

    def _do_remove(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._to_members(room, deeds.Remove(room=room.name, reason=call.text, **person(call)))
        return None

    def _do_members(self, call: Call) -> Wrong | None:
        name = call.room or self._chat.conversation.current
        if not name:
            return Wrong(_("You are in no room. {usage}").format(usage=usage("join")))
        room = self._chat.conversation.rooms.get(name)
        public = room is not None and not room.kind.private and room.kind.peer is None

        def listed(reply: ListReply) -> None:
            # Everybody is a member of a public room: who moderates it is all there is to tell.
            self._chat.tell(list_lines("moderators" if public else "members", reply.entries))

        self._chat.ask(self._chat.client.list("members", name), listed)
        return None

    def _do_newcomers(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        told = (
            _("Whoever comes in from now on may read everything that was said here.")
            if call.choice == "all"
            else _("Whoever comes in from now on reads what is said from then on.")
        )
        newcomers: deeds.Newcomers = "new" if call.choice == "new" else "all"
        self._to_members(room, deeds.Set(room=room.name, newcomers=newcomers), told)
        return None

    def _do_keep(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        told = _("Messages are kept here for ever.")
        if call.seconds:
            told = _("Messages are kept here for {time}, then deleted for good.").format(
                time=when.span(call.seconds)
            )
        self._ask(deeds.Set(room=room.name, keep=call.seconds), told)
        return None

    def _do_silence(self, call: Call) -> Wrong | None:
        talk = self._chat.conversation
        name = call.room or talk.current
        room = talk.rooms.get(name)
        if room is None:
            return Wrong(_("You are not in {room}.").format(room=sign(call.room)))
        silent = name not in talk.silenced
        talk.silence(name, silent)
        self._chat.client.set_silenced(sorted(talk.silenced))
        text = _("{room} is silent: what is new there is not counted. {command} ends that.")
        if not silent:
            text = _("What is new in {room} is counted again.")
        self._chat.tell([text.format(room=room.title, command=shown("silence"))])
        return None

    # --- people ----------------------------------------------------------------------------------

    def _do_ignore(self, call: Call) -> Wrong | None:
        talk = self._chat.conversation
        wanted = nick_key(call.nick)
        if call.user == talk.user if call.user else wanted == nick_key(talk.nick):
            return Wrong(_("That is you."))
        if call.user:
            self._ignore(call.user, call.nick)
            return None
        rooms = [room for room in [talk.room, *talk.rooms.values()] if room is not None]
        for room in rooms:
            for entry in room.entries():
                if isinstance(entry, Said) and nick_key(entry.nick) == wanted:
                    self._ignore(entry.user, entry.nick)
                    return None

        def came(reply: PeopleReply) -> None:
            found = [one for one in reply.people if nick_key(one.nick) == wanted]
            if found:
                self._ignore(found[0].user, found[0].nick)
            else:
                self._chat.status(_("Nobody called {nick} is or was here.").format(nick=call.nick))

        self._chat.ask(self._chat.client.who(talk.current), came)
        return None

    def _ignore(self, user: str, nick: str) -> None:
        talk = self._chat.conversation
        talk.ignore(user, nick)
        self._chat.client.set_ignored(talk.ignored)
        text = _("You see nothing of what {nick} says any more. {command} ends that.")
        self._chat.tell([text.format(nick=nick, command=f"{shown('unignore')} {nick}")])

    def _do_unignore(self, call: Call) -> Wrong | None:
        talk = self._chat.conversation
        found = [u for u, nick in talk.ignored.items() if nick_key(nick) == nick_key(call.nick)]
        if call.user in talk.ignored:
            found = [call.user]
        if not found:
            ignored = ", ".join(sorted(talk.ignored.values()))
            text = _("You do not ignore {nick}.").format(nick=call.nick)
            return Wrong(
                text + (" " + _("Ignored: {names}.").format(names=ignored) if ignored else "")
            )
        self._chat.fetch(talk.unignore(found[0]))
        self._chat.client.set_ignored(talk.ignored)
        self._chat.tell([_("You see again what {nick} says.").format(nick=call.nick)])
        return None

    # --- moderation ------------------------------------------------------------------------------

    def _do_mute(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._ask(
            deeds.Mute(room=room.name, seconds=call.seconds, reason=call.text, **person(call))
        )
        return None

    def _do_unmute(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._ask(deeds.Unmute(room=room.name, **person(call)))
        return None

    def _do_kick(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        if room.kind.private:
            return self._do_remove(call)
        self._ask(
            deeds.Kick(room=room.name, seconds=call.seconds, reason=call.text, **person(call))
        )
        return None

    def _do_delete(self, call: Call) -> Wrong | None:
        room = self._chat.conversation.room
        if room is None:
            return Wrong(_("You are in no room. {usage}").format(usage=usage("join")))
        self._ask(deeds.Delete(room=room.name, seq=call.count, reason=call.text))
        return None

    def _do_readonly(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._ask(deeds.Set(room=room.name, readonly=call.choice == "on"))
        return None

    def _do_slow(self, call: Call) -> Wrong | None:
        room = self._here()
        if isinstance(room, Wrong):
            return room
        self._ask(deeds.Set(room=room.name, slow=call.seconds))
        return None

    def _do_role(self, call: Call) -> Wrong | None:
        whom = person(call)
        if call.choice == "owner":
            told = _("{nick} is an owner of this server now.").format(nick=call.nick)
            self._ask(deeds.Role(role="owner", **whom), told)
            return None
        if call.choice == "admin":
            told = _("{nick} is an administrator of this server now.").format(nick=call.nick)
            self._ask(deeds.Role(role="admin", **whom), told)
            return None
        room = self._here()
        if isinstance(room, Wrong):
            return room
        if call.choice == "moderator":
            self._ask(deeds.Role(role="moderator", room=room.name, **whom))
        elif self._chat.role:
            self._end_role(call, room)
        else:
            self._ask(deeds.Role(role="member", room=room.name, **whom))
        return None

    def _end_role(self, call: Call, room: Timeline) -> None:
        """A role on the server is the greater one: that is what ends where there is one."""

        def listed(reply: ListReply) -> None:
            ranks = {nick_key(one.nick) for one in reply.entries if not call.user}
            if nick_key(call.nick) in ranks or call.user in {one.user for one in reply.entries}:
                told = _("{nick} has no role on this server any more.").format(nick=call.nick)
                self._ask(deeds.Role(role="member", **person(call)), told)
            else:
                self._ask(deeds.Role(role="member", room=room.name, **person(call)))

        self._chat.ask(self._chat.client.list("roles"), listed)

    def _do_sanctions(self, call: Call) -> Wrong | None:
        room = call.room or self._chat.conversation.current
        if self._chat.role and not call.room:
            # Whoever administers the server is told of both at once.
            listed: Callable[[ListReply], None] = partial(self._and_sanctions_of, room)
            self._chat.ask(self._chat.client.list("sanctions"), listed)
        else:
            self._list("sanctions", room)
        return None

    def _and_sanctions_of(self, room: str, server: ListReply) -> None:
        title = _("{room}:")
        lines = [title.format(room=_("the server")), *list_lines("sanctions", server.entries)]

        def listed(reply: ListReply) -> None:
            shown = self._chat.conversation.rooms[room].title if room else ""
            lines.append(title.format(room=shown))
            self._chat.tell(lines + list_lines("sanctions", reply.entries))

        known = self._chat.conversation.rooms.get(room)
        if known is None or known.kind.peer is not None:
            self._chat.tell(lines)
        else:
            self._chat.ask(self._chat.client.list("sanctions", room), listed)
