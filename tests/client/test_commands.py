"""The table of slash commands, how lines are read, and what completion offers."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import i18n
from common.client import commands, completion
from common.client.commands import COMMANDS, Call, Say, Wrong, parse
from common.client.emoji import EMOJI
from common.protocol.limits import WIRE


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.setup("en", {})
    yield
    i18n.setup("en", {})


def _wrong(line: str) -> str:
    read = parse(line)
    assert isinstance(read, Wrong), read
    return read.text


def test_names_are_unique_and_a_command_is_found_by_each_of_them() -> None:
    names = [
        name for one in COMMANDS for name in {commands.fold(one.name), commands.fold(one.french)}
    ]
    assert len(names) == len(set(names))
    assert not any(" " in name for name in names)
    for one in COMMANDS:
        assert commands.find(one.name) is one
        assert commands.find("/" + one.french.upper()) is one
    assert commands.find("nothing") is None


def test_text_is_said_as_it_was_typed() -> None:
    assert parse("hello") == Say("hello")
    assert parse("  indented\n  twice\n") == Say("  indented\n  twice")
    assert parse("//text") == Say("/text")
    assert parse("/ not a command") == Say("/ not a command")
    assert parse("a /join b") == Say("a /join b")
    assert parse("/me waves\nand smiles") == Say("waves\nand smiles", me=True)


@pytest.mark.parametrize("line", ["", "   ", "\n\n", "\udcff"])
def test_nothing_is_nothing(line: str) -> None:
    assert parse(line) is None


def test_bytes_that_are_no_text_are_dropped() -> None:
    assert parse("caf\udce9 ok") == Say("caf ok")


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("/join #Tea", Call("join", room="tea")),
        ("/rejoindre Thé", Call("join", room="thé")),
        ("/leave", Call("leave")),
        ("/quitter-salon tea", Call("leave", room="tea")),
        ("/salons", Call("rooms")),
        ("/salon tea", Call("room", room="tea")),
        ("/qui", Call("who")),
        ("/who tea", Call("who", room="tea")),
        ("/nick Ada Lovelace", Call("nick", nick="Ada Lovelace")),
        ("/pseudo @Léa", Call("nick", nick="Léa")),
        ("/msg ada psst\nmore", Call("msg", nick="ada", text="psst\nmore")),
        ("/history 20", Call("history", count=20)),
        ("/historique", Call("history")),
        ("/save  my notes.txt", Call("save", text="my notes.txt")),
        ("/enregistrer", Call("save")),
        ("/effacer", Call("clear")),
        ("/renvoyer", Call("resend")),
        ("/modifier", Call("edit")),
        ("/aide", Call("help")),
        ("/help who", Call("help", text="who")),
        ("/help /qui", Call("help", text="/qui")),
        ("/QUITTER", Call("quit")),
        ("/msg ada", Call("msg", nick="ada")),
        ("/join @ada", Call("join", room="@ada")),
        ("/create Staff private", Call("create", room="staff", choice="private")),
        ("/creer staff privé", Call("create", room="staff", choice="private")),
        ("/CRÉER staff", Call("create", room="staff")),
        ("/invite Ada Lovelace", Call("invite", nick="Ada Lovelace")),
        ("/retirer bob no more  words", Call("remove", nick="bob", text="no more  words")),
        ("/mute bob", Call("mute", nick="bob")),
        ("/mute bob 10m", Call("mute", nick="bob", seconds=600)),
        ("/museler bob 2j du bruit", Call("mute", nick="bob", seconds=172_800, text="du bruit")),
        ("/mute bob 10 times", Call("mute", nick="bob", text="10 times")),
        (
            '/mute "Ada Lovelace" 1h spam',
            Call("mute", nick="Ada Lovelace", seconds=3600, text="spam"),
        ),
        ("/ban «Ada Lovelace» spam", Call("ban", nick="Ada Lovelace", text="spam")),
        ("/ban " + "AB" * 32 + " 2w", Call("ban", key="ab" * 32, seconds=1_209_600)),
        ("/delete 12 my mistake", Call("delete", count=12, text="my mistake")),
        ("/supprimer #12", Call("delete", count=12)),
        ("/readonly on", Call("readonly", choice="on")),
        ("/lecture-seule non", Call("readonly", choice="off")),
        ("/slow 30s", Call("slow", seconds=30)),
        ("/lent off", Call("slow", choice="off")),
        ("/role bob Modératrice", Call("role", nick="bob", choice="moderator")),
        ("/newcomers nouveau", Call("newcomers", choice="new")),
        ("/keep 30d", Call("keep", seconds=2_592_000)),
        ("/approve AB12", Call("approve", key="ab12")),
        ("/invitation", Call("invitation")),
        ("/invitation 3", Call("invitation", count=3)),
        ("/invitation 2d", Call("invitation", seconds=172_800)),
        ("/code-invitation 3 2d", Call("invitation", count=3, seconds=172_800)),
        ("/audit 20", Call("audit", count=20)),
        ("/sourdine", Call("silence")),
        ("/code-appareil", Call("device-code")),
        ("/help moderation", Call("help", text="moderation")),
        ("/aide Modération", Call("help", text="Modération")),
    ],
)
def test_commands_work_in_both_languages(line: str, call: Call) -> None:
    assert parse(line) == call


@pytest.mark.parametrize(
    ("line", "has"),
    [
        ("/join", "/join ROOM"),
        ("/join a b", "/join ROOM"),
        ("/rooms all", "/rooms"),
        ("/msg", "/msg NICK [TEXT]"),
        ("/mute bob 999999999d", "999999999d"),
        ("/slow soon", "soon"),
        ("/readonly maybe", "on, off"),
        ("/role bob king", "moderator"),
        ("/role bob", "/role NICK"),
        ("/create staff secret", "private"),
        ("/delete first", "first"),
        ("/delete 0", "0"),
        ("/invitation soon", "soon"),
        ("/kick", "/kick NICK [DURATION] [REASON]"),
        ("/me", "/me TEXT"),
        ("/history x", "x"),
        ("/history 0", "1,000"),
        ("/history 1001", "1,000"),
        ("/history " + "9" * 5_000, "1,000"),
        ("/help nothing", "/nothing"),
        ("/join a/b", "a/b"),
        ("/nick #x", "#x"),
    ],
)
def test_arguments_are_checked_before_anything_is_done(line: str, has: str) -> None:
    assert has in _wrong(line)


def test_the_nearest_command_is_suggested() -> None:
    assert "/join" in _wrong("/jion x")
    assert "/historique" in _wrong("/historiqe")
    assert "/clear" in _wrong("/cle")
    assert "//" in _wrong("/usr/bin/python is old")
    assert "/help" in _wrong("/xyzzy")


def test_escapes_in_an_unknown_command_are_harmless() -> None:
    assert "\x1b" not in _wrong("/\x1b]52;c;aGVsbG8=\x07 x")


def test_a_text_that_is_too_long_stays_with_its_author() -> None:
    assert parse("é" * (WIRE.text // 2)) == Say("é" * (WIRE.text // 2))
    assert "16,002" in _wrong("é" * (WIRE.text // 2 + 1))


def test_usage_and_help_speak_the_persons_language() -> None:
    assert commands.help_lines("history")[0][0] == "/history [N]"
    groups = list(commands.Group)[1:]
    shown = [usage for usage, _about in commands.help_lines()]
    assert shown[-len(groups) :] == [
        "/help rooms",
        "/help people",
        "/help moderation",
        "/help server",
    ]
    assert len(shown) < 20, "it fits on a screen"
    explained = [line for group in groups for line in commands.help_lines(group.value)]
    assert len(explained) + len(shown) - len(groups) == len(COMMANDS)
    assert commands.help_lines("moderation")[0][0] == "/mute NICK [DURATION] [REASON]"
    i18n.setup("fr", {})
    assert commands.help_lines("history")[0][0].startswith("/historique [")
    assert "museler" in dict(commands.help_lines())["/aide modération"]
    assert commands.help_lines("modération")[0][0].startswith("/museler")
    assert all(usage.startswith("/") and about for usage, about in commands.help_lines())


def test_a_known_nickname_may_hold_blanks_in_front_of_other_words() -> None:
    nicks = ["Ada", "Ada Lovelace"]
    assert parse("/kick ada lovelace 1h spam", nicks) == Call(
        "kick", nick="Ada Lovelace", seconds=3_600, text="spam"
    )
    assert parse("/msg @Ada Lovelace psst", nicks) == Call("msg", nick="Ada Lovelace", text="psst")
    assert parse("/msg Ada Lovelaces are fine", nicks) == Call(
        "msg", nick="Ada", text="Lovelaces are fine"
    )


@given(st.text(), st.sampled_from([*COMMANDS]))
def test_any_arguments_are_read(rest: str, command: commands.Command) -> None:
    assert isinstance(parse(f"/{command.name} {rest}"), Say | Call | Wrong)


@given(st.text())
def test_any_line_is_read(line: str) -> None:
    read = parse(line)
    assert read is None or isinstance(read, Say | Call | Wrong)
    if isinstance(read, Say):
        assert 0 < len(read.text.encode()) <= WIRE.text


@given(st.text(min_size=1))
def test_a_double_slash_says_a_slash(text: str) -> None:
    read = parse("//" + text)
    if isinstance(read, Say):
        assert read.text.startswith("/")
        assert not read.me


# --- completion ---------------------------------------------------------------------------------

ROOMS = ["general", "tea", "thé", "@Inès"]
RECENT = [(12, "Marc: hello"), (11, "Inès: good morning")]
NICKS = ["Inès", "Marc", "Ada Lovelace"]


def _shown(before: str, asked: bool = False) -> list[str]:
    found = completion.candidates(before, ROOMS, NICKS, recent=RECENT, asked=asked)
    return [one.shown for one in found]


def _completed(before: str, asked: bool = False) -> list[str]:
    found = completion.candidates(before, ROOMS, NICKS, recent=RECENT, asked=asked)
    return [before[: len(before) - one.replaced] + one.insert for one in found]


def test_a_room_to_make_is_none_that_there_is() -> None:
    assert _shown("/join te") == ["#tea"]
    assert _shown("/create te") == []
    assert "private" in _shown("/create te pri")


def test_commands_are_completed_in_the_persons_language_first() -> None:
    assert _shown("/")[:3] == ["/help", "/join", "/leave"]
    assert len(_shown("/")) == len(COMMANDS)
    assert _completed("/jo") == ["/join "]
    assert _completed("/clea") == ["/clear"]
    assert _completed("/rejo") == ["/rejoindre "]
    i18n.setup("fr", {})
    assert _shown("/")[:2] == ["/aide", "/rejoindre"]
    assert _completed("/jo") == ["/join "]


def test_arguments_are_completed_by_their_kind() -> None:
    assert _completed("/join t") == ["/join tea", "/join thé"]
    assert _completed("/join #ge") == ["/join general"]
    assert _completed("/msg in") == ["/msg Inès "]
    assert _completed("/help wh") == ["/help /who"]
    assert _completed("/me hugs @ma") == ["/me hugs @Marc "]
    assert _completed("/rooms x") == []
    assert _completed("/join tea x") == []
    assert _completed("/nothing x") == []
    assert _completed("/nick in") == []
    assert _completed("/join @in") == ["/join @Inès"]
    assert _completed("/mute in") == ["/mute Inès "]
    assert _completed("/delete 1") == ["/delete 12 ", "/delete 11 "]
    assert _completed("/readonly o") == ["/readonly on", "/readonly off"]
    assert _completed("/slow o") == ["/slow off"]
    assert _completed("/role Marc mo") == ["/role Marc moderator"]
    assert _completed("/help mod")[0] == "/help moderation"
    i18n.setup("fr", {})
    assert _completed("/role Marc mo") == ["/role Marc modérateur"]
    assert _completed("/lecture-seule o") == ["/lecture-seule oui"]
    assert _completed("/cre") == ["/créer "]


def test_people_rooms_and_emoji_are_completed_in_a_text() -> None:
    assert _completed("hello @ines") == ["hello @Inès "]
    assert _completed("see #th") == ["see #thé "]
    assert _completed("well :tad") == ["well 🎉 "]
    assert _completed("at 10:30 or :t") == []
    assert _completed("mail@in") == []
    assert "💡  bulb" in _shown(":bu")


def test_plain_words_are_completed_only_when_asked() -> None:
    assert _completed("ma") == []
    assert _completed("ma", asked=True) == ["Marc, "]
    assert _completed("ask ma", asked=True) == ["ask Marc "]
    assert _completed("", asked=True) == []


@given(st.text(max_size=30), st.booleans())
def test_completion_takes_anything(before: str, asked: bool) -> None:
    for one in completion.candidates(before, ROOMS, NICKS, asked=asked):
        assert 0 <= one.replaced <= len(before)
        assert one.insert


def test_emoji_are_single_characters() -> None:
    assert len(EMOJI) >= 60
    for name, sign in EMOJI.items():
        assert len(sign) == 1, name
        assert name.isascii()
