"""The page's files: which names there are, compression, tags; and what is made from the tables."""

from __future__ import annotations

import gzip
import json
import re
import xml.etree.ElementTree as ET

import pytest

from common import icons
from common.look import DARK, LIGHT
from common.web import assets
from common.web.assets import STATIC, asset, load, unchanged

SVG = "{http://www.w3.org/2000/svg}"
ROOT_NAMES = ("/", "/manifest.webmanifest", "/sw.js", "/favicon.ico", "/icon.svg")
PNGS = ("/icon-192.png", "/icon-512.png", "/icon-maskable-512.png")


def test_every_file_of_the_page_has_its_name_and_nothing_else_has() -> None:
    found = load()
    for name in (*ROOT_NAMES, *PNGS):
        assert name in found, name
    files = {file.name for file in STATIC.iterdir() if file.is_file()}
    served = {name.rpartition("/")[2] for name in found} | {"index.html"}
    assert files <= served
    assert all(re.fullmatch(r"/|/(?:static/)?[a-z0-9-]+(?:\.[a-z0-9]+)+", name) for name in found)


def test_a_browser_gets_what_it_can_read() -> None:
    body = b"some words, " * 100
    one = asset("page.css", body)
    packed, encoding, tag = one.pick("br, gzip;q=0.8")
    assert (gzip.decompress(packed), encoding) == (body, "gzip")
    for accepts in ("", "identity", "gzip;q=0", "br"):
        plain, encoding, other = one.pick(accepts)
        assert (plain, encoding) == (body, "")
        assert other != tag, "two forms of a file are two things to a cache"
    assert asset("tiny.css", b"a{}").pick("gzip")[1] == "", "what does not shrink stays as it is"
    assert asset("page.css", body).tag == one.tag
    assert asset("page.css", body + b".").tag != one.tag


def test_what_a_browser_has_is_not_sent_again() -> None:
    _body, _encoding, tag = asset("page.css", b"a{}").pick("")
    assert unchanged(tag, tag)
    assert unchanged(f'"other", W/{tag}', tag)
    assert unchanged("*", tag)
    assert not unchanged("", tag)
    assert not unchanged('"other"', tag)


def test_types_are_told_and_no_text_is_left_to_be_guessed() -> None:
    for name, one in load().items():
        assert one.type.startswith("image/") or "charset=utf-8" in one.type, name


def test_the_colours_of_the_page_are_those_of_the_window() -> None:
    css = assets.tokens()
    for theme, chosen in ((LIGHT, r"\[data-theme=light\]"), (DARK, r"\n\[data-theme=dark\]")):
        found = re.search(chosen + r"\{([^}]*)\}", css)
        assert found, theme.name
        rules = dict(rule.split(":") for rule in found[1].split(";"))
        assert rules["--bg"] == theme.bg
        assert rules["--on-accent"] == theme.on_accent
        assert rules["--mention-bg"] == theme.mention_bg
        assert rules["color-scheme"] == theme.name
        assert [rules[f"--n{n}"] for n in range(12)] == list(theme.nicks)
        names = {name.removeprefix("--").replace("-", "_") for name in rules}
        assert set(theme.tokens()) <= names
    assert "@media (prefers-color-scheme:dark){:root:not([data-theme])" in css
    assert css.count("{") == css.count("}")


def test_every_icon_is_a_symbol_in_the_colour_of_the_text() -> None:
    root = ET.fromstring(assets.sprite())
    symbols = {symbol.get("id"): symbol for symbol in root.iter(f"{SVG}symbol")}
    assert set(symbols) == {f"i-{name}" for name in icons.ICONS}
    for name, symbol in symbols.items():
        assert symbol.get("stroke") == "currentColor", name
        assert len(symbol) >= 1, name


def test_the_mark_is_drawn_as_in_the_logo() -> None:
    drawn = ET.fromstring(assets.mark())
    logo = ET.parse(STATIC.parents[2] / "docs" / "look" / "logo.svg")
    wanted = {path.get("d") for path in logo.iter(f"{SVG}path")}
    outlines = {path.get("d") for path in drawn.iter(f"{SVG}path")}
    assert {icons.MARK_TAIL, icons.MARK_ANSWER} <= wanted & outlines
    (bow,) = outlines - wanted
    assert bow is not None
    assert bow.startswith("M20.9"), "the C begins where the logo's does"


@pytest.mark.parametrize("name", PNGS)
def test_icons_have_the_sizes_that_their_names_say(name: str) -> None:
    body = load()[name].body
    size = int(re.findall(r"\d+", name)[-1])
    assert body.startswith(b"\x89PNG")
    assert [int.from_bytes(body[at : at + 4], "big") for at in (16, 20)] == [size, size]


def test_the_manifest_names_only_what_is_there() -> None:
    manifest = json.loads(load()["/manifest.webmanifest"].body)
    assert manifest["start_url"] == manifest["scope"] == "/"
    assert {icon["src"] for icon in manifest["icons"]} <= set(load())
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])


def test_the_page_and_its_scripts_ask_only_for_what_is_there() -> None:
    found = load()
    asked: set[str] = set()
    for file in STATIC.iterdir():
        if file.suffix in {".html", ".js", ".css"}:
            text = file.read_text("utf-8")
            asked |= set(re.findall(r"[\"'(](/static/[a-z0-9.-]+)", text))
            asked |= {f"/static/{name}" for name in re.findall(r"from \"\./([a-z0-9.-]+)\"", text)}
    assert asked <= set(found), asked - set(found)


def test_the_first_load_is_small() -> None:
    lazy = {"/icon-512.png", "/icon-maskable-512.png"}
    sizes = {name: len(one.pick("gzip")[0]) for name, one in load().items() if name not in lazy}
    assert sum(sizes.values()) < 150_000, sorted(sizes.items(), key=lambda item: -item[1])[:10]
