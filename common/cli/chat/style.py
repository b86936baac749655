"""From the tokens of the look to the styles of a terminal. Owns which colours a terminal gets.

The ground of the terminal is never set, and prose has the terminal's own colour, so that both are
right whatever the person chose; only rows with a ground of their own have a colour for prose.
"""

from collections.abc import Mapping
from typing import Final, Literal

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from common.look import DARK, LIGHT, NICK_NAMES, Theme

_SIXTEEN_NICKS: Final = ("red", "yellow", "green", "cyan", "blue", "magenta")


def theme(choice: Literal["auto", "dark", "light"], env: Mapping[str, str]) -> Theme:
    """The theme for this terminal: as told, else by COLORFGBG (rxvt, Konsole), else dark."""
    if choice != "auto":
        return LIGHT if choice == "light" else DARK
    ground = env.get("COLORFGBG", "").rpartition(";")[2]
    # 7 and 15 are white; 9 to 14 are bright too.
    bright = ground.isdigit() and (int(ground) == 7 or 9 <= int(ground) <= 15)
    return LIGHT if bright else DARK


def depth(colour: bool, env: Mapping[str, str]) -> ColorDepth:
    """How many colours: none without `colour`, else what TERM and COLORTERM promise."""
    term = env.get("TERM", "")
    if not colour or term in ("dumb", "unknown") or term.startswith("vt"):
        return ColorDepth.DEPTH_1_BIT
    if env.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct"):
        return ColorDepth.DEPTH_24_BIT
    few = ("linux", "ansi", "eterm-color", "cygwin", "screen", "sun-color")
    if term in few or term.endswith("-16color"):
        return ColorDepth.DEPTH_4_BIT
    return ColorDepth.DEPTH_8_BIT


def style(look: Theme, colours: ColorDepth) -> Style:
    """The styles of every class that the chat draws with."""
    if colours == ColorDepth.DEPTH_1_BIT:
        return Style.from_dict(_none())
    if colours == ColorDepth.DEPTH_4_BIT:
        return Style.from_dict(_sixteen(look))
    return Style.from_dict(_full(look))


def _full(look: Theme) -> dict[str, str]:
    header = f"bg:{look.raised} {look.text}"
    rules = {
        "muted": look.muted,
        "hairline": look.border,
        "since": look.mention,
        "accent": look.accent,
        "danger": look.danger,
        "warning": look.warning,
        "link": f"{look.accent} underline",
        "code": f"bg:{look.raised} {look.text}",
        "bar": look.edge,
        "header": header,
        "brand": f"{look.accent} bold",
        "badge": look.accent,
        "badge-you": f"{look.mention} bold",
        "loud": f"bg:{look.warning} {look.bg} bold",
        "down": f"bg:{look.warning_bg} {look.text}",
        "back": f"bg:{look.raised} {look.success}",
        "pill": f"bg:{look.accent} {look.on_accent} bold",
        "quiet-pill": header,
        "mention-row": f"bg:{look.mention_bg} {look.text}",
        "completion-menu": f"bg:{look.raised} {look.text}",
        "completion-menu.completion": f"bg:{look.raised} {look.text}",
        "completion-menu.completion.current": f"noreverse bg:{look.selection} {look.text} bold",
        "completion-menu.meta.completion": f"bg:{look.raised} {look.muted}",
        "completion-menu.meta.completion.current": f"bg:{look.selection} {look.muted}",
        "scrollbar.background": f"bg:{look.raised}",
        "scrollbar.button": f"bg:{look.border}",
    }
    rules |= {f"nick{index}": look.nicks[index] for index in range(len(NICK_NAMES))}
    # After the names, for one's own stands in rows that set a ground.
    return rules | {"other": f"{look.accent} bold", "you": f"{look.mention} bold"}


def _sixteen(look: Theme) -> dict[str, str]:
    bright = "bright" if look is DARK else ""
    rules = _none() | {
        "hairline": "ansibrightblack",
        "since": f"ansi{bright}yellow",
        "accent": f"ansi{bright}cyan",
        "danger": f"ansi{bright}red",
        "warning": f"ansi{bright}yellow",
        "link": f"ansi{bright}cyan underline",
        "brand": "bold",
        "other": f"ansi{bright}cyan bold",
        "you": f"ansi{bright}yellow bold reverse",
        "code": f"ansi{bright}cyan",
    }
    for index in range(len(NICK_NAMES)):
        rules[f"nick{index}"] = f"ansi{bright}{_SIXTEEN_NICKS[index // 2]}"
    return rules


def _none() -> dict[str, str]:
    return {
        "link": "underline",
        "brand": "bold",
        "header": "reverse",
        "badge-you": "bold underline",
        "loud": "bold underline",
        "down": "reverse",
        "back": "reverse",
        "pill": "reverse bold",
        "quiet-pill": "reverse",
        "other": "bold",
        "you": "bold reverse",
        "completion-menu": "noreverse",
        "completion-menu.completion": "noreverse",
        "completion-menu.completion.current": "reverse bold",
        "completion-menu.meta.completion": "noreverse",
        "completion-menu.meta.completion.current": "reverse",
    }


def has_grounds(colours: ColorDepth) -> bool:
    """Whether code can be told from prose by the ground behind it."""
    return colours in (ColorDepth.DEPTH_8_BIT, ColorDepth.DEPTH_24_BIT)
