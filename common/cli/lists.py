"""The verbs `rooms` and `who`: lists. Owns their two forms."""

from __future__ import annotations

from common.cli import wire
from common.cli.joining import Run, connect, enter
from common.client.joining import rooms_of
from common.i18n import _, n_, number
from common.safe import one_line


def run(run: Run) -> int:
    """Print the list. Raises Stop, BadSetting, CannotJoin."""
    wanted = rooms_of(run.settings)
    session = connect(run, enter(run), visible=False)
    as_json = run.settings.switch("json")
    out = run.out
    try:
        if run.verb == "rooms":
            for info in session.ask(session.client.rooms()).rooms:
                if as_json:
                    out.data(wire.dump(wire.room(info)))
                    continue
                name = f"@{info.peer.nick}" if info.peer else info.room
                people = n_("{n} person", "{n} people", info.people).format(n=number(info.people))
                said = n_("{n} message", "{n} messages", info.head).format(n=number(info.head))
                private = "\t" + _("private") if info.private and not info.peer else ""
                out.line(f"{out.bold(one_line(name))}\t{people}\t{said}{private}")
            return 0
        for room in wanted:
            reply = session.ask(session.client.who(room))
            for person in reply.people:
                if as_json:
                    line = {"room": reply.room, "user": person.user, "nick": person.nick}
                    out.data(wire.dump(line))
                else:
                    prefix = f"{room}\t" if len(wanted) > 1 else ""
                    out.line(prefix + one_line(person.nick))
    finally:
        session.close()
    return 0
