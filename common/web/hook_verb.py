"""The verb `hook`: on the gateway's machine, hooks are made, listed and ended.

Owns its words and what it prints. A running gateway does the work; where none runs, this program
opens the gateway's file itself.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from common import paths
from common.arguments import UsageError
from common.client.aio import LoopContext
from common.client.joining import JOIN_TIMEOUT
from common.i18n import _, current, local
from common.safe import one_line
from common.settings import Settings
from common.web import control, loop
from common.web.answers import Fault
from common.web.control import NoGateway, Order, Refusal
from common.web.hooks import Hooks
from common.web.metrics import Counts
from common.web.place import Place
from common.web.store import WebStore

FAILED: Final = 1


def run(settings: Settings, words: Sequence[str], data_dir: Path) -> tuple[int, str]:
    """Do it: the exit status, and a line for people where there is something to tell them.

    Raises UsageError, BadSetting, CannotJoin, and what `WebStore.open` does but for Locked.
    """
    order = _order(settings, words)
    try:
        said = _said(settings, order, data_dir)
    except Refusal as refusal:
        return FAILED, str(refusal)
    except Fault as fault:
        return FAILED, fault.words
    except NoGateway as trouble:
        words_ = _("a gateway runs with {path}, and does not answer ({why})")
        return FAILED, words_.format(path=data_dir, why=trouble)
    note = _print(order, said, data_dir, as_json=settings.switch("json"))
    return 0, note


def account() -> str:
    """Who makes a hook here, as administrators read it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def store_file(data_dir: Path) -> Path:
    """The gateway's database."""
    return data_dir / "web" / "web.sqlite"


def _order(settings: Settings, words: Sequence[str]) -> Order:
    usage = _("type client_web.py hook add NAME, hook list, or hook revoke NAME")
    match list(words):
        case ["list"]:
            return Order(do="list")
        case ["add", name]:
            room, code = settings.text("room") or "", settings.text("invite") or ""
            return Order(do="add", name=name, room=room, invite=code)
        case ["revoke", name]:
            return Order(do="revoke", name=name)
    raise UsageError(usage)


def _said(settings: Settings, order: Order, data_dir: Path) -> dict[str, Any]:
    try:
        store = WebStore.open(store_file(data_dir))
    except paths.Locked:
        running = control.running(data_dir)
        if running is None:
            raise NoGateway("it has not begun to serve") from None
        return control.order(running, order, current().lang)
    try:
        place = Place.find(settings, JOIN_TIMEOUT) if order.do == "add" else None
        return loop.run(_alone(order, store, place))
    finally:
        store.close()


async def _alone(order: Order, store: WebStore, place: Place | None) -> dict[str, Any]:
    context = LoopContext()

    def target_of() -> Any:
        assert place is not None
        return place.target

    hooks = Hooks(store, context, target_of, Counts())
    try:
        return await control.carry_out(order, hooks, account())
    finally:
        hooks.close_all()
        context.close()


def _print(order: Order, said: dict[str, Any], data_dir: Path, *, as_json: bool) -> str:
    """Print the answer; returns the line for people."""
    running = control.running(data_dir)
    page = running.pages[0] if running is not None and running.pages else ""
    if order.do == "list":
        for hook in said["hooks"]:
            cells = [hook["name"], f"#{hook['room']}", hook["by"], _moment(hook["ts"])]
            _line({"type": "hook", **hook}, "\t".join(map(one_line, cells)), as_json)
        return "" if said["hooks"] or as_json else _("There is no hook.")
    if order.do == "revoke":
        _line({"type": "done"}, "", as_json)
        name = said["hook"]["name"]
        words = _("The nickname {name} stays taken; to have it back: {command}")
        return "" if as_json else words.format(name=name, command=f"broker.py admin free {name}")
    address = page.rstrip("/") + said["url"]
    _line({"type": "hook", **said["hook"], "url": address}, address, as_json)
    if as_json:
        return ""
    words = _("This is shown once: whoever has the address can speak in {room} as {name}.")
    shown = words.format(room=f"#{said['hook']['room']}", name=said["hook"]["name"])
    if not page:
        shown += " " + _("Put the address of the page before it.")
    return shown


def _line(fields: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(fields).decode(), flush=True)
    elif text:
        print(text, flush=True)


def _moment(ts: int) -> str:
    return local(ts).strftime("%Y-%m-%d %H:%M")
