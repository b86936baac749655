"""Every error code has its sentence, in both languages, whatever the values."""

import datetime
import string
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import explain as module
from common import i18n, when
from common.client import target
from common.explain import CODES, explain
from common.protocol import names

# Those of the contract; a code that goes missing here is a broken promise.
# fmt: off
PROMISED = {
    "bad-frame", "bad-json", "bad-request", "unknown-type", "too-large", "bad-room", "bad-nick",
    "nick-taken", "no-such-room", "not-joined", "id-conflict", "rate-limited", "storage-full",
    "forged-sender", "unsupported", "protocol-version", "stopping", "stream-taken", "too-many",
    "unreachable-name", "unreachable-refused", "unreachable-silent", "wrong-key", "not-causette",
    "no-answer", "key-changed", "key-unknown", "plain-mismatch", "not-permitted", "timeout",
    "link-lost", "rolled-back", "storage-damaged", "internal", "closed",
    "needs-encryption", "no-such-person", "no-such-message", "room-exists", "read-only", "muted",
    "slow-mode", "kicked", "banned", "revoked", "not-invited", "bad-invitation", "not-kept",
    "profile-locked", "disk-full", "data-dir", "address-in-use", "newer-database", "bad-config",
}
EVERY_VALUE: dict[str, str | int] = {
    "value": "<value>", "room": "<room>", "nick": "<nick>", "host": "<host>", "path": "<path>",
    "address": "<address>", "key": "<key>", "what": "<what>", "why": "<why>", "size": 20_000,
    "limit": 16_000, "seconds": 3, "port": 5555, "version": 2, "ours": 1, "seq": 1238,
    "until": 1_795_176_300_000,
}
# fmt: on


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    i18n.setup("en", {})


def test_every_promised_code_is_explained() -> None:
    assert PROMISED <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("values", [{}, EVERY_VALUE])
def test_each_code_speaks_both_languages(code: str, values: dict[str, str | int]) -> None:
    said = {}
    for lang in i18n.LANGUAGES:
        i18n.setup(lang, {})
        said[lang] = explain(code, values)
        assert said[lang].endswith(".")
        assert "{" not in said[lang]
    assert said["en"] != said["fr"]


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_last_sentence_of_each_code_needs_no_value(code: str) -> None:
    sentences = module._SENTENCES[code]
    assert not list(filter(None, (f[1] for f in string.Formatter().parse(sentences[-1]))))


@pytest.mark.parametrize(
    ("code", "reason"),
    [(code, reason) for code in ("bad-room", "bad-nick") for reason in get_args(names.Reason)]
    + [("bad-server", reason) for reason in get_args(target.Reason)],
)
def test_each_reason_is_told_with_its_value(code: str, reason: str) -> None:
    said = explain(code, {"value": "<x>", "reason": reason})
    assert said != explain(code, {})
    assert "<x>" in said or reason in ("empty", "port")


def test_a_name_that_is_refused_explains_itself() -> None:
    with pytest.raises(names.BadName) as caught:
        names.nick("@ada")
    error = caught.value
    assert explain(error.code, {"value": error.value, "reason": error.reason}) == (
        '"@ada" cannot be a nickname: it is kept for the server, or begins with @, # or /.'
        " Choose another."
    )


def test_values_are_said_as_people_write_them() -> None:
    i18n.setup("fr", {})
    said = explain("unreachable-silent", {"host": "192.168.1.77", "port": 5555})
    assert "192.168.1.77" in said
    assert "5555" in said
    assert "16\u202f000" in explain("too-large", {"limit": 16_000})
    i18n.setup("en", {})
    assert "16,000" in explain("too-large", {"limit": 16_000})
    assert " 3 s" in explain("rate-limited", {"seconds": 2.01})
    assert "None" not in explain("rate-limited", {"seconds": None})


@pytest.mark.parametrize("code", ["muted", "kicked", "banned"])
def test_what_somebody_decided_is_told_with_reason_and_end(code: str) -> None:
    soon = datetime.datetime.now().astimezone().replace(hour=23, minute=59, second=0)
    later = soon + datetime.timedelta(days=400)
    until = int(soon.timestamp() * 1000)
    i18n.setup("en", {})
    said = explain(code, {"until": until, "reason": "spam"})
    assert "until 23:59" in said
    assert said.endswith('"spam".')
    assert "until" not in explain(code, {"until": 0, "reason": "spam"})
    later_said = explain(code, {"until": int(later.timestamp() * 1000)})
    assert f"until {i18n.day(later.date(), weekday=False)}, 23:59" in later_said
    i18n.setup("fr", {})
    said = explain(code, {"until": until, "reason": "des pubs"})
    assert "jusqu’à 23:59" in said
    assert "«\u202fdes pubs\u202f»" in said


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 seconds", "0 seconde"),
        (1, "1 second", "1 seconde"),
        (90, "90 seconds", "90 secondes"),
        (120, "2 minutes", "2 minutes"),
        (3_600, "1 hour", "1 heure"),
        (172_800, "2 days", "2 jours"),
    ],
)
def test_lengths_of_time(seconds: int, english: str, french: str) -> None:
    i18n.setup("en", {})
    assert when.span(seconds) == english
    i18n.setup("fr", {})
    assert when.span(seconds) == french


def test_a_code_to_come_is_said_in_the_servers_own_words() -> None:
    assert explain("moon-phase", {}, "the moon is full") == (
        "Refused by the server: the moon is full"
    )
    assert explain("moon-phase", {"text": "the {moon}"}) == "Refused by the server: the {moon}"
    assert explain("moon-phase") == "Refused by the server: moon-phase"


@given(
    st.sampled_from([*sorted(CODES), "unheard-of"]),
    st.dictionaries(
        st.sampled_from([*EVERY_VALUE, "reason"]),
        st.one_of(st.none(), st.text(), st.integers(), st.floats()),
    ),
)
def test_nothing_raises(code: str, values: dict[str, str | int | float | None]) -> None:
    assert explain(code, values)
