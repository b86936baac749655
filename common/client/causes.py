"""What a refusal means for a session: to wait and ask again, to tell it, or to end for good.

Owns the codes that decide it. Pure; knows no state.
"""

from typing import Final

from common.client.events import Values
from common.protocol import messages as m

OUT: Final = frozenset({"banned", "kicked", "revoked"})
"""What ends a session for good at any time: somebody decided it."""
FOR_GOOD: Final = OUT | {
    "bad-invitation", "bad-nick", "bad-request", "bad-room", "forged-sender", "key-changed",
    "needs-encryption", "nick-taken", "not-invited", "not-permitted", "plain-mismatch",
    "protocol-version", "wrong-key",
}  # fmt: skip
"""Causes for which trying again is useless before the first link."""
NOT_BY_WAITING: Final = frozenset({"banned", "kicked", "muted", "slow-mode"})
"""Refusals that say when they end, which is a person's to wait for, not the library's."""


def waited_out(error: m.Error) -> bool:
    """Whether the same request is to be made again after `error.retry` seconds."""
    return error.retry > 0 and error.code not in NOT_BY_WAITING


def values_of(error: m.Error, wall: float) -> Values:
    """What the sentence about an error is filled with; `wall`: the broker's clock, milliseconds."""
    values: Values = {}
    if error.reason:
        values["reason"] = error.reason
    seconds = error.retry
    if error.until:
        values["until"] = error.until
        seconds = seconds or max(error.until - wall, 0.0) / 1_000
    if seconds:
        values["seconds"] = seconds
    return values


def mismatch(greet: m.Greet, expect_plain: bool) -> tuple[str, str] | None:
    """Why this broker and this program cannot speak with one another: code and words."""
    if greet.protocol != m.PROTOCOL:
        words = f"the broker speaks protocol {greet.protocol}, this program {m.PROTOCOL}"
        return "protocol-version", words
    if greet.plain != expect_plain:
        return "plain-mismatch", "encryption differs between this program and the broker"
    return None
