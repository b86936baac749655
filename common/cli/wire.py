"""The JSON that verbs print: the shapes of `docs/bots.md`. Owns shapes; knows no stream, no verb.

Never translated, UTF-8 whatever the locale, one object a line. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from common.client import events as e
from common.client.places import is_direct
from common.client.transcript import json_object
from common.protocol.messages import Person, Record, RoomInfo

Object = dict[str, Any]

# Line ends to readers that split as Unicode says (node's readline, Python's splitlines).
_SEPARATORS = (
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
    ("\x85".encode(), b"\\u0085"),
)


def dump(value: Mapping[str, Any]) -> bytes:
    """One object as one line of JSON, without its newline."""
    line = msgspec.json.encode(value)
    for separator, escape in _SEPARATORS:
        if separator in line:
            line = line.replace(separator, escape)
    return line


def message(room: str, record: Record, raw: bytes | None = None) -> Object:
    """A record as `bot`, `listen`, `history` and `export` print it."""
    shown = json_object(room, record, raw)
    if is_direct(room):
        shown["direct"] = True
    return shown


def stored(reply: e.StoredReply) -> Object:
    """What became of a message that was said."""
    return {
        "type": "stored",
        "room": reply.room,
        "seq": reply.seq,
        "ts": reply.ts,
        "message_id": reply.id,
    }


def answer(reply: e.Reply) -> Object:
    """What a request came to; `done` where there is nothing more to tell."""
    match reply:
        case e.StoredReply():
            return stored(reply)
        case e.HistoryReply():
            messages = [message(reply.room, r, reply.raw.get(r.seq)) for r in reply.records]
            page = {"type": "history", "room": reply.room, "messages": messages}
            return page | {"more": reply.more} | _filled(skipped=reply.skipped)
        case e.PeopleReply():
            people = [_person(person) for person in reply.people]
            return {"type": "who", "room": reply.room, "people": people}
        case e.RoomsReply():
            return {"type": "rooms", "rooms": [room(info) for info in reply.rooms]}
        case e.CodeReply():
            limits = {"uses": reply.uses, "expires": reply.expires}
            return {"type": "code", "code": reply.code, **_filled(name=reply.name), **limits}
        case e.ListReply():
            entries = [msgspec.to_builtins(entry) for entry in reply.entries]
            head = {"type": "list", "what": reply.what, **_filled(room=reply.room)}
            return head | {"entries": entries}
        case e.AuditReply():
            entries = [msgspec.to_builtins(entry) for entry in reply.entries]
            return {"type": "audit", "entries": entries, "more": reply.more}
    return {"type": "done"}


def room(info: RoomInfo) -> Object:
    """One room of a list."""
    shown: Object = {"room": info.room, "people": info.people, "head": info.head}
    if info.private:
        shown["private"] = True
    if info.peer is not None:
        shown |= {"direct": True, "peer": _person(info.peer)}
    return shown


def event(event: e.Event) -> Object | None:
    """Something that happened, other than records and the state of the link; None for what
    programs are not told."""
    match event:
        case e.Presence():
            shown: Object = {"type": event.kind, "room": event.room}
            shown |= {"user": event.user, "nick": event.nick}
            return shown | ({"old": event.old} if event.kind == "nick" else {})
        case e.Notice():
            return notice(event)
        case e.News():
            return {"type": "news", **_filled(**msgspec.structs.asdict(event))}
        case e.RoomChanged():
            flags = {"private": event.private, "moderator": event.moderator}
            shown = {"type": "room", "room": event.room, **flags}
            if event.peer is not None:
                shown |= {"direct": True, "peer": _person(event.peer)}
            return shown | {"readonly": event.readonly, "slow": event.slow}
        case e.Gap():
            return {"type": "gap", **msgspec.structs.asdict(event)}
        case e.RolledBack():
            return {"type": "rolled-back", **msgspec.structs.asdict(event)}
        case e.Skipped():
            return {"type": "skipped", **msgspec.structs.asdict(event)}
        case e.Restored():
            return {"type": "restored", "server": event.server}
    return None


def notice(notice: e.Notice) -> Object:
    """What somebody decided about this person. `seq` numbers records alone, so that of a message
    that was deleted is `of`."""
    fields = msgspec.structs.asdict(notice)
    kind, of = fields.pop("what"), fields.pop("seq")
    return {"type": kind, **_filled(**fields, of=of)}


def _person(person: Person) -> Object:
    return {"user": person.user, "nick": person.nick}


def _filled(**fields: Any) -> Object:
    return {name: value for name, value in fields.items() if value not in ("", 0, None)}


def refusal(refused: e.Refused) -> Object:
    """Why a request failed, with what whoever decided it wrote, and when it ends."""
    told = {name: refused.values[name] for name in ("reason", "until") if name in refused.values}
    return error(refused.code, refused.text, **told)


def error(code: str, text: str, **fields: Any) -> Object:
    """A refusal; `text` is English, for logs: programs go by `code`."""
    return {"type": "error", "code": code, "text": text, **fields}
