"""The verb `device`: the keys that are one person, a code for one more, and the end of one.

Owns the words and the JSON of it. What a device may do is the broker's to decide.
"""

from __future__ import annotations

import shlex

from common.cli import wire
from common.cli.joining import Run, Session, connect, enter
from common.cli.output import Stop
from common.client.target import host_and_port, join_link
from common.i18n import _
from common.keys import fingerprint
from common.protocol import deeds
from common.safe import one_line
from common.when import moment

_SHORT_KEY = 6


def run(run: Run) -> int:
    """Show a code, list, or revoke. Raises Stop, BadSetting, CannotJoin."""
    settings = run.settings
    revoked = settings.text("revoke")
    if revoked and settings.switch("list"):
        raise Stop(2, _("give either --list or --revoke"))
    session = connect(run, enter(run), visible=False)
    try:
        if settings.switch("list"):
            _list(run, session)
        elif revoked:
            _revoke(run, session, revoked.lower())
        else:
            _show_code(run, session)
    finally:
        session.close()
    return 0


def _show_code(run: Run, session: Session) -> None:
    made = session.ask(session.client.make_code(deeds.MakeDeviceCode()))
    if run.settings.switch("json"):
        line = {"type": "code", "code": made.code, "uses": made.uses, "expires": made.expires}
        run.out.data(wire.dump(line))
        return
    run.out.line(made.code)
    nick = shlex.quote(session.ready.nick)
    command = f"client_cli.py -n {nick} --server {_link(session)} --invite {made.code} chat"
    run.out.note(_("On the other device, type: {command}").format(command=command))
    words = _("It is good for one use, until {time}. Whoever types it is you here: tell nobody.")
    run.out.note(words.format(time=moment(made.expires)))


def _link(session: Session) -> str:
    target = session.entry.target
    push, sub = host_and_port(target.push), host_and_port(target.sub)
    if push is None or target.key is None:
        return target.label
    return join_link(target.key, *push, sub[1] if sub else None)


def _list(run: Run, session: Session) -> None:
    for entry in session.ask(session.client.list("devices")).entries:
        mine = entry.key == session.entry.keys.public
        if run.settings.switch("json"):
            line = {
                "type": "device",
                "key": entry.key,
                "fingerprint": fingerprint(entry.key),
                "name": entry.what,
                "ts": entry.ts,
                "here": entry.here,
                "this": mine,
            }
            run.out.data(wire.dump(line))
            continue
        state = [_("this device")] if mine else [_("connected")] if entry.here else []
        cells = [entry.key[:16], fingerprint(entry.key), one_line(entry.what), *state]
        run.out.line("\t".join(cell for cell in cells if cell))


def _revoke(run: Run, session: Session, key: str) -> None:
    own = [entry.key for entry in session.ask(session.client.list("devices")).entries]
    found = [one for one in own if len(key) >= _SHORT_KEY and one.startswith(key)]
    if len(found) != 1:
        words = _("No single device of yours has a key that begins with {key}. See device --list.")
        raise Stop(1, words.format(key=key))
    reason = run.settings.text("reason") or ""
    session.ask(session.client.do(deeds.Revoke(key=found[0], reason=reason)))
    if run.settings.switch("json"):
        run.out.data(wire.dump({"type": "done"}))
    else:
        run.out.line(_("{key} is not you any more.").format(key=found[0][:16]))
