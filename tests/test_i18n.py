"""The two languages: choice, numbers, days; and catalogues in step with the code and each other."""

import asyncio
import datetime
import gettext
import io
import os
import re
import string
import threading
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog

from common import i18n, when
from common.i18n import LANGUAGES, N_, Translator, _, n_, number, speaking
from common.locale import update

NARROW = "\u202f"
EN, FR = Translator("en"), Translator("fr")
# Words that are the same in both languages.
SAME = {
    "1 minute",
    "5 minutes",
    "Invitation…",
    "Message",
    "Page",
    "Suggestions",
    "Tab",
    "{n} mention",
    "{n} suggestion",
    "10 minutes",
    "Code",
    "Format",
    "Invitation",
    "Invitations",
    "Invitations…",
    "BOT",
    "Conversation",
    "N",
    "Port",
    "invitations",
    "options",
    "{n} message",
    "{n} minute",
    "sessions",
    "Messages",
    "terminal",
    "Ports",
    "Version",
}
# Where straight quotes and apostrophes are to be typed as they stand.
TYPED = {
    "Options may stand anywhere; -- ends them. Each may also be set in the environment"
    ' (CAUSETTE_NICK=ada) or in the configuration file (nick = "ada").'
}


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    i18n.setup("en", {})


@pytest.mark.parametrize(
    ("lang", "env", "chosen"),
    [
        (None, {}, "en"),
        ("fr", {"LC_ALL": "en_GB.UTF-8"}, "fr"),
        ("en", {"LC_ALL": "fr_FR.UTF-8"}, "en"),
        (None, {"LANG": "fr_FR.UTF-8"}, "fr"),
        (None, {"LANG": "fr"}, "fr"),
        (None, {"LANG": "fr.UTF-8"}, "fr"),
        (None, {"LANG": "fr-CA"}, "fr"),
        (None, {"LANG": "FR_be"}, "fr"),
        (None, {"LANG": "fr_FR", "LC_MESSAGES": "en_US"}, "en"),
        (None, {"LANG": "en_US", "LC_MESSAGES": "de_DE", "LC_ALL": "fr_CH@euro"}, "fr"),
        (None, {"LANG": "fr_FR", "LC_ALL": ""}, "fr"),
        (None, {"LANG": "fr_FR", "LC_ALL": "C"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "fry"}, "en"),
        ("xx", {"LANG": "fr_FR"}, "en"),
    ],
)
def test_the_language_is_chosen_as_posix_says(
    lang: str | None, env: dict[str, str], chosen: str
) -> None:
    if os.name == "nt" and not (lang or env):
        pytest.skip("Windows is asked")
    assert i18n.choose(lang, env) == chosen
    assert i18n.setup(lang, env).lang == i18n.current().lang == chosen


def test_a_program_may_speak_to_several_people() -> None:
    with speaking("fr") as french:
        assert french is i18n.current() is i18n.translator("fr")
        assert (_("Send"), number(1_238)) == ("Envoyer", f"1{NARROW}238")
        assert when.span(7_200) == "2 heures"
        with speaking(EN):
            assert (_("Send"), number(1_238)) == ("Send", "1,238")
        assert n_("{n} day", "{n} days", 0) == "{n} jour"
    assert _("Send") == "Send"
    with pytest.raises(ZeroDivisionError), speaking("fr"):
        raise ZeroDivisionError
    assert i18n.current().lang == "en"
    with pytest.raises(ValueError, match="de"):
        speaking("de")


def test_others_are_not_spoken_to_in_the_language_of_one() -> None:
    said: dict[str, str] = {}

    def speak(who: str) -> None:
        said[who] = _("Send")

    async def conversation(lang: str, turn: asyncio.Barrier) -> None:
        with speaking(lang):
            for _each in range(3):
                await turn.wait()
                assert i18n.current().lang == lang
            asyncio.get_running_loop().call_soon(speak, f"after {lang}")
        speak(f"outside {lang}")
        await turn.wait()

    async def both() -> None:
        turn = asyncio.Barrier(2)
        await asyncio.gather(conversation("fr", turn), conversation("en", turn))

    asyncio.run(both())
    assert said == {
        "after fr": "Envoyer",
        "after en": "Send",
        "outside fr": "Send",
        "outside en": "Send",
    }
    with speaking("fr"):
        thread = threading.Thread(target=speak, args=("thread",))
        thread.start()
        thread.join()
    assert said["thread"] == "Send"


def test_a_moment_is_said_with_its_words() -> None:
    today = datetime.date(2026, 11, 20)
    moments = [
        int(datetime.datetime(*day, 8, 15).astimezone().timestamp() * 1000)
        for day in ((2026, 11, 20), (2026, 11, 2), (2025, 5, 1))
    ]
    assert [when.since(ts, today) for ts in moments] == [
        "since 08:15", "since 2 November, 08:15", "since 1 May 2025, 08:15",
    ]  # fmt: skip
    i18n.setup("fr", {})
    assert [when.since(ts, today) for ts in moments] == [
        "depuis 08:15", "depuis le 2 novembre à 08:15", "depuis le 1er mai 2025 à 08:15",
    ]  # fmt: skip


def test_an_unknown_language_has_no_translator() -> None:
    with pytest.raises(ValueError):
        Translator("de")


def test_sentences_follow_the_choice() -> None:
    sentence = N_("since you left")
    assert _(sentence) == "since you left"
    assert n_("{n} new message", "{n} new messages", 0) == "{n} new messages"
    i18n.setup("fr", {})
    assert _(sentence) == "depuis votre départ"
    assert n_("{n} new message", "{n} new messages", 0) == "{n} nouveau message"
    assert n_("{n} new message", "{n} new messages", 2) == "{n} nouveaux messages"
    assert _("nobody translated this") == "nobody translated this"
    assert _("") == ""


@pytest.mark.parametrize(
    ("value", "digits", "english", "french"),
    [
        (0, 0, "0", "0"),
        (1238, 0, "1,238", f"1{NARROW}238"),
        (-1234567, 0, "-1,234,567", f"-1{NARROW}234{NARROW}567"),
        (1234.56, 1, "1,234.6", f"1{NARROW}234,6"),
        (65535, 0, "65,535", f"65{NARROW}535"),
    ],
)
def test_numbers(value: float, digits: int, english: str, french: str) -> None:
    assert EN.number(value, digits) == english
    assert FR.number(value, digits) == french
    i18n.setup("fr", {})
    assert i18n.number(value, digits) == french


def test_days() -> None:
    date = datetime.date(2026, 11, 20)
    assert EN.day(date) == "Friday 20 November 2026"
    assert FR.day(date) == "vendredi 20 novembre 2026"
    assert FR.day(date, weekday=False, year=False) == "20 novembre"
    assert FR.day(datetime.date(2026, 5, 1)) == "vendredi 1er mai 2026"
    assert EN.day(datetime.date(2026, 5, 1), year=False) == "Friday 1 May"
    i18n.setup("fr", {})
    assert i18n.day(date, weekday=False) == "20 novembre 2026"


def test_times_are_local() -> None:
    noon = datetime.datetime(2026, 11, 20, 12, 34, 59).astimezone()
    ts_ms = int(noon.timestamp() * 1000) + 999
    assert i18n.time_of_day(ts_ms) == "12:34"
    assert i18n.local(ts_ms).date() == datetime.date(2026, 11, 20)


@pytest.mark.parametrize("ts_ms", [1 << 62, -(1 << 62), 1 << 2000])
def test_an_absurd_time_is_still_shown(ts_ms: int) -> None:
    assert re.fullmatch(r"\d\d:\d\d", i18n.time_of_day(ts_ms))


# The catalogues

TEMPLATE = update.extract()
MESSAGES = [message.id for message in TEMPLATE if message.id]


def translations(lang: str) -> dict[str, list[str]]:
    """Message (its singular) to its forms."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: update._forms(message.string)
        for message in update.load(lang)
        if message.id
    }


def key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def placeholders(text: str) -> set[str]:
    try:
        return {
            field for _text, field, _s, _c in string.Formatter().parse(text) if field is not None
        }
    except ValueError:
        return set()


def test_messages_are_found() -> None:
    assert len(MESSAGES) > 100


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_has_its_words(lang: str) -> None:
    """Run `python -m common.locale.update`, then write the French that it lists."""
    catalogue = update.load(lang)
    here = translations(lang)
    assert sorted(set(map(key, MESSAGES)) - here.keys()) == []
    assert sorted(here.keys() - set(map(key, MESSAGES))) == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert update.untranslated(catalogue) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_files_are_in_step(lang: str) -> None:
    catalogue = update.merged(lang, TEMPLATE)
    file = update.po_file(lang)
    assert file.read_bytes() == update.po_bytes(catalogue), "run python -m common.locale.update"
    assert file.with_suffix(".mo").read_bytes() == update.mo_bytes(catalogue)


def test_placeholders_are_the_same_in_both() -> None:
    for english, forms in translations("fr").items():
        for form in filter(None, forms):
            assert placeholders(form) == placeholders(english), english


def test_french_is_french() -> None:
    same = {english for english, forms in translations("fr").items() if forms[0] == english}
    assert sorted(same - SAME) == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(re.compile("[ \u00a0][;:!?»]"), id="a space that may break, before a sign"),
        pytest.param(re.compile("«(?!\u202f)"), id="« without its narrow space"),
        pytest.param(re.compile("(?<!\u202f)»"), id="» without its narrow space"),
        pytest.param(re.compile(r"\w[;!?](?!\w)|\w:(?=\s|$)"), id="a sign stuck to its word"),
        pytest.param(re.compile(r"\w'\w"), id="a straight apostrophe"),
        pytest.param(re.compile(r'"'), id="straight quotes"),
        pytest.param(re.compile(r"\.\.\."), id="three dots for an ellipsis"),
        pytest.param(re.compile(r"\b(tu|ton|ta|tes|toi)\b", re.IGNORECASE), id="familiar"),
        pytest.param(
            re.compile(
                r"(?<!avec )\{(by|nick|who|whom|old)\} (est|sera|était) \w+[éui]\b"
                r"|\b[Vv]ous (êtes|serez|étiez)( pas| encore)* (seul|\w+(é|clu|nni|mis|enu))\b"
                r"|\bvous a (nommé|fait(?! sortir)|banni|exclu|retiré de|admis)\b"
                r"|\{nick\} seule?\b"
                r"|^(est )?(devenu|venu|parti|entré|exclu|banni|absent|nommé|privé de)\b"
            ),
            id="a person's gender",
        ),
    ],
)
def test_french_typography(fault: re.Pattern[str]) -> None:
    found = [
        form
        for english, forms in translations("fr").items()
        if english not in TYPED
        for form in forms
        if fault.search(form)
    ]
    assert found == []


def test_english_is_its_own_translation() -> None:
    for message in update.load("en"):
        if message.id:
            assert update._forms(message.string) == update._forms(message.id)


# The tool


def test_messages_are_extracted_wherever_they_are_marked(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("code") / "code.py"
    file.write_text(
        '_("one")\nTABLE = (N_("two"), N_("tw" "ins"))\nn_("a {n}", "many {n}", 3)\n_("")\n_(x)\n'
    )
    found = [message.id for message in update.extract([file]) if message.id]
    assert found == ["one", "two", "twins", ("a {n}", "many {n}")]


def test_new_messages_await_their_french_and_old_ones_go() -> None:
    template = Catalog()
    template.add("brand new")
    template.add(("{n} thing", "{n} things"))
    template.add("since you left")
    french = update.merged("fr", template)
    assert len(french) == 3
    assert sorted(update.untranslated(french)) == ["brand new", "{n} thing"]
    assert update.untranslated(update.merged("en", template)) == []


def test_catalogues_hold_nothing_that_changes_by_itself() -> None:
    text = update.po_bytes(update.merged("fr", TEMPLATE)).decode()
    assert not re.search(r"Date|Babel|#: |@", text.split("\n\n")[0])
    compiled = io.BytesIO(update.mo_bytes(update.merged("fr", TEMPLATE)))
    words = gettext.GNUTranslations(compiled)
    assert words.gettext("since you left") == "depuis votre départ"
