"""What each error code means, in the reader's language: what failed, with what value, what to do.

Owns: the sentence for every code of the protocol and of joining. Must not know where an error came
from, nor how it is shown. The codes are stable and documented; the sentences are for people only.

A code has one sentence or several, the most telling first: the first whose values are all given is
the one that is said. Values: `value` (what was refused), `reason` (the word of a BadName or a
BadTarget), `room`, `nick`, `host`, `port`, `address`, `path`, `key` (a fingerprint), `limit`,
`seconds`, `seq`, `until` (milliseconds since 1970; it is said as a phrase, "until 14:05"), `what`,
`version`, `why` (details that nobody translated). Where somebody was muted, kicked or banned,
`reason` is what whoever did it wrote. Nothing of it is made harmless here: what shows it does
that, with `common.safe`.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from typing import Final

from common import when
from common.i18n import N_, _, number

Value = str | int | float | None

_SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    # What the broker answers to one request.
    "bad-frame": (
        N_("The server could not read what this program sent ({why}). Update the program."),
        N_("The server could not read what this program sent. Update the program."),
    ),
    "bad-json": (
        N_("That line is not one JSON object ({why}). Correct it and send it again."),
        N_("That line is not one JSON object. Correct it and send it again."),
    ),
    "bad-request": (
        N_("That request is not complete or not well formed: {why}. Correct it."),
        N_("That request is not complete or not well formed. Correct it."),
    ),
    "unknown-type": (
        N_('The server knows no request "{value}". Correct its type, or update the server.'),
        N_("The server does not know this kind of request. Update the server."),
    ),
    "too-large": (
        N_("This is too long: {size} bytes, where {limit} are allowed. Send it in several parts."),
        N_("This is too long: at most {limit} bytes are allowed. Send it in several parts."),
        N_("This is too long. Send it in several parts."),
    ),
    "bad-room": (
        N_(
            '"{value}" cannot be the name of a room. Use letters, digits, hyphens,'
            " underscores and full stops."
        ),
        N_(
            "This cannot be the name of a room. Use letters, digits, hyphens, underscores"
            " and full stops."
        ),
    ),
    "bad-nick": (
        N_('"{value}" cannot be a nickname. Choose another.'),
        N_("This cannot be a nickname. Choose another."),
    ),
    "nick-taken": (
        N_('"{nick}" is taken. Try "{nick}-2", or move your identity from the other device.'),
        N_("This nickname is taken. Try another, or move your identity from the other device."),
    ),
    "no-such-room": (
        N_('There is no room "{room}". Check its name, or ask for the list of rooms.'),
        N_("There is no such room. Check its name, or ask for the list of rooms."),
    ),
    "not-joined": (
        N_('You are not in the room "{room}". Join it first.'),
        N_("You are not in this room. Join it first."),
    ),
    "id-conflict": (
        N_('The identifier "{value}" has served for another request. Use a new one.'),
        N_("This identifier has served for another request. Use a new one."),
    ),
    "rate-limited": (
        N_("That is too much at once. The rest can leave in {seconds} s."),
        N_("That is too much at once. Wait a moment, then try again."),
    ),
    "storage-full": (
        N_(
            "The server's disk is full, and nothing was stored. Tell whoever runs the server,"
            " then send again."
        ),
    ),
    "forged-sender": (
        N_(
            "A request may not say who sends it: the server knows by the key. Leave that field out."
        ),
    ),
    "unsupported": (
        N_('This server does not offer "{what}". Ask whoever runs it.'),
        N_("This server does not offer that. Ask whoever runs it."),
    ),
    "not-permitted": (
        N_("You may not do that: {what}. Ask whoever runs the room or the server."),
        N_("You may not do that. Ask whoever runs the room or the server."),
    ),
    "too-many": (
        N_("Too many {what}: at most {limit} are allowed. Close some first."),
        N_("That is more than the server allows. Close something first."),
    ),
    "timeout": (
        N_("No answer within {seconds} s, and the outcome is unknown. Check before you try again."),
        N_("No answer in time, and the outcome is unknown. Check before you try again."),
    ),
    "stopping": (N_("The server is stopping. Your messages wait until it is back."),),
    "link-lost": (N_("The link with the server was cut. It is made again by itself."),),
    "rolled-back": (
        N_("The server went back to an older state. What you sent since then is sent again."),
    ),
    "storage-damaged": (
        N_("The server cannot read this part of its history. Tell whoever runs it."),
    ),
    "internal": (N_("The server failed at this one request. Tell whoever runs it."),),
    "closed": (N_("The program ended before the answer came. Start it again."),),
    # What somebody decided, or nobody may do.
    "needs-encryption": (
        N_(
            "This server does not encrypt, so nobody can be known for certain: there are no private"
            " rooms, direct messages or moderators here. Ask whoever runs it to encrypt."
        ),
    ),
    "no-such-person": (
        N_('Nobody here is called "{nick}". Check the nickname.'),
        N_("There is no such person here. Check the nickname."),
    ),
    "no-such-message": (
        N_("There is no message no. {seq} here, or its text is gone already. Check the number."),
        N_("There is no such message here, or its text is gone already. Check the number."),
    ),
    "room-exists": (
        N_('There is a room "{room}" already. Choose another name.'),
        N_("There is a room of that name already. Choose another."),
    ),
    "read-only": (
        N_('Only moderators write in "{room}". You can read along.'),
        N_("Only moderators write in this room. You can read along."),
    ),
    "slow-mode": (
        N_(
            "This room asks for a pause between two messages of one person. Send it again in"
            " {seconds} s."
        ),
        N_(
            "This room asks for a pause between two messages of one person. Send it again in a"
            " moment."
        ),
    ),
    "muted": (
        N_('You may not write here {until}: "{reason}".'),
        N_("You may not write here {until}."),
        N_('You may not write here: "{reason}". Ask whoever moderates the room or the server.'),
        N_("You may not write here. Ask whoever moderates the room or the server."),
    ),
    "kicked": (
        N_('You were removed from "{room}" {until}: "{reason}".'),
        N_('You were removed from "{room}" {until}.'),
        N_('You were removed from "{room}": "{reason}".'),
        N_('You were removed {until}: "{reason}".'),
        N_("You were removed {until}."),
        N_('You were removed: "{reason}".'),
        N_("You were removed. Come back later, or ask whoever moderates."),
    ),
    "banned": (
        N_('You are banned from this server {until}: "{reason}".'),
        N_("You are banned from this server {until}."),
        N_('You are banned from this server: "{reason}". Ask whoever runs it.'),
        N_("You are banned from this server. Ask whoever runs it."),
    ),
    "revoked": (
        N_('This key was revoked: "{reason}". Use another device, or another key.'),
        N_("This key was revoked from another device. Use that one, or another key."),
    ),
    "not-invited": (
        N_(
            "This server lets in who is invited. An administrator must let you in (your key:"
            " {key}); or give an invitation with --invite CODE."
        ),
        N_(
            "This server lets in who is invited. An administrator must let you in; or give an"
            " invitation with --invite CODE."
        ),
    ),
    "bad-invitation": (
        N_(
            'The invitation "{value}" is wrong, used up, withdrawn or too old. Check it, or ask for'
            " another."
        ),
        N_(
            "This invitation is wrong, used up, withdrawn or too old. Check it, or ask for another."
        ),
    ),
    "not-kept": (N_("This message was stored, and is no longer kept. There is nothing to do."),),
    # Why joining failed.
    "protocol-version": (
        N_(
            "The server speaks version {version} of the protocol, this program version {ours}."
            " Update the older one."
        ),
        N_("The server and this program speak different versions. Update the older one."),
    ),
    "stream-taken": (
        N_(
            "Another program is sending with this identity's outbox. Close it, or start again"
            " with a fresh one."
        ),
    ),
    "unreachable-name": (
        N_("No machine is called {host} here. Check the spelling, or type its address."),
        N_("No machine has that name here. Check the spelling, or type its address."),
    ),
    "unreachable-refused": (
        N_(
            "{host} answers, but nothing listens on port {port}. Check the port, then that the"
            " server runs."
        ),
        N_(
            "The machine answers, but nothing listens there. Check the port, then that the"
            " server runs."
        ),
    ),
    "unreachable-silent": (
        N_(
            "Nothing answers at {host} on port {port}. Check the address, then that the server"
            " runs and its firewall lets this port through."
        ),
        N_(
            "Nothing answers there. Check the address, then that the server runs and its"
            " firewall lets this port through."
        ),
    ),
    "wrong-key": (
        N_("The server at {host} does not have the key that was expected. Ask for a new link."),
        N_("The server does not have the key that was expected. Ask for a new link."),
    ),
    "not-causette": (
        N_(
            "Something else than Causette answers at {host} on port {port}. Check the address"
            " and the port."
        ),
        N_("Something else than Causette answers there. Check the address and the port."),
    ),
    "no-answer": (
        N_(
            "{host} takes the connection on port {port} but says nothing. Check the port, then"
            " restart the server."
        ),
        N_(
            "The server takes the connection but says nothing. Check the port, then restart"
            " the server."
        ),
    ),
    "key-changed": (
        N_(
            "This server's key has changed. If it was reinstalled, ask for a new link; if not,"
            " stay out."
        ),
    ),
    "key-unknown": (
        N_(
            "This server is not known yet; its key's fingerprint is {key}. Compare it with whoever"
            " runs the server, then confirm, or use --trust-first."
        ),
        N_(
            "This server is not known yet. Confirm its key, or use --trust-first, or ask for a"
            " link."
        ),
    ),
    "plain-mismatch": (
        N_("One side encrypts and the other does not. Ask whoever runs the server for a new link."),
    ),
    "bad-server": (
        N_('"{value}" is not the address of a server. Type HOST, HOST:PORT or a join link.'),
        N_("This is not the address of a server. Type HOST, HOST:PORT or a join link."),
    ),
    "no-broker": (
        N_("No server runs on this machine. Start one, or give an address with --server."),
    ),
    # What is wrong on this machine.
    "profile-locked": (
        N_(
            "Another program uses this nickname's profile: this one neither resumes where it"
            " stopped nor keeps what is unsent."
        ),
    ),
    "profile-damaged": (
        N_("What was kept in {path} is damaged ({why}). Move that file away, then start again."),
        N_("What was kept between runs is damaged. Move that file away, then start again."),
    ),
    "key-file": (
        N_("The key file {path} cannot be used: {why}."),
        N_("The key file cannot be used. Restore it from a copy."),
    ),
    "disk-full": (
        N_("{path} cannot be written: the disk is full or failing. Make room, then try again."),
        N_("The disk is full or failing. Make room, then try again."),
    ),
    "data-dir": (
        N_("{path} cannot be used: {why}. Choose another directory with --data-dir."),
        N_("{path} may not be written. Choose another directory with --data-dir."),
        N_("The data directory may not be written. Choose another with --data-dir."),
    ),
    "data-dir-locked": (
        N_("Another server already uses {path}. Stop it, or choose another with --data-dir."),
        N_("Another server already uses this data directory. Stop it, or choose another."),
    ),
    "address-in-use": (
        N_("Port {port} is used by another program. Choose another, or stop it."),
        N_("{address} is used by another program. Choose another, or stop it."),
        N_("This address is used by another program. Choose another, or stop it."),
    ),
    "newer-database": (
        N_("{path} was written by a newer version of Causette ({version}). Update this program."),
        N_("{path} was written by a newer version of Causette. Update this program."),
        N_("The database was written by a newer version of Causette. Update this program."),
    ),
    "bad-config": (
        N_("The configuration is wrong: {why}. Correct {path}."),
        N_("The configuration is wrong: {why}."),
        N_("The configuration is wrong. Correct it."),
    ),
}

# What makes a name or an address wrong, by (code, reason).
_REASONS: Final[dict[tuple[str, str], str]] = {
    ("bad-room", "empty"): N_("A room needs a name. Give one."),
    ("bad-room", "too-long"): N_('"{value}" is too long for a room. Choose a shorter name.'),
    ("bad-room", "reserved"): N_('A room cannot be called "{value}". Choose another name.'),
    ("bad-nick", "empty"): N_("A nickname has at least one character. Type one."),
    ("bad-nick", "too-long"): N_(
        '"{value}" is too long. A nickname has at most 32 characters: choose a shorter one.'
    ),
    ("bad-nick", "characters"): N_(
        '"{value}" cannot be a nickname: it holds line breaks or invisible characters. Remove them.'
    ),
    ("bad-nick", "mixed-scripts"): N_(
        '"{value}" mixes letters of several alphabets, which look alike. Use one alphabet.'
    ),
    ("bad-nick", "reserved"): N_(
        '"{value}" cannot be a nickname: it is kept for the server, or begins with @, # or /.'
        " Choose another."
    ),
    ("bad-server", "port"): N_("A port is between 1 and 65535."),
    ("bad-server", "key"): N_(
        'The key in "{value}" is not complete: it has 64 digits. Copy the whole link again.'
    ),
    ("bad-server", "code"): N_(
        '"{value}" is no code: those are letters and digits, in groups of four. Copy it again.'
    ),
}

# What there may be too many of, as the server names it.
_NOUNS: Final = {
    "rooms": N_("rooms"),
    "sessions": N_("sessions"),
    "subscriptions": N_("subscriptions"),
    "requests": N_("requests"),
    "nicknames": N_("nicknames"),
    "devices": N_("devices"),
    "invitations": N_("invitations"),
}

CODES: Final = frozenset(_SENTENCES)
"""Every code that has a sentence."""

# These are names, not amounts: nobody writes port 5,555.
_NEVER_GROUPED: Final = frozenset({"port", "version", "ours"})


def explain(code: str, values: Mapping[str, Value] | None = None, text: str = "") -> str:
    """Return the sentence for `code`, with as many of `values` as a sentence of it can use.

    For a code that is not known (a newer server's), the server's own English words `text` follow
    a neutral beginning. Never raises, whatever the values.
    """
    given = {
        name: value
        for name, value in (values or {}).items()
        if value not in (None, "") and not (name == "until" and value == 0)
    }
    sentences = _SENTENCES.get(code, ())
    reason = _REASONS.get((code, str(given.get("reason", ""))))
    shown = {name: _shown(name, value) for name, value in given.items()}
    for sentence in (reason, *sentences) if reason else sentences:
        if _fields(sentence) <= shown.keys():
            return _(sentence).format_map(shown)
    words = text or str(given.get("text", "")) or code
    return _("Refused by the server: {text}").format(text=words)


def _fields(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def _shown(name: str, value: Value) -> str:
    if name == "what" and value in _NOUNS:
        return _(_NOUNS[str(value)])
    if name == "until" and isinstance(value, int):
        return when.until(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name in _NEVER_GROUPED or not math.isfinite(value):
        return str(value)
    # A wait is rounded up: who tries a little early is refused again.
    return number(math.ceil(value) if name == "seconds" else value)
