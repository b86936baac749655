"""The house's rules about who may know whom, by walking the imports. See docs/ARCHITECTURE.md."""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMON = ROOT / "common"
SHELLS = ("broker", "gui", "cli", "web")
DOORS = ("broker.py", "client_cli.py", "client_gui.py", "client_web.py")

PURE = [
    *(
        f"protocol/{name}"
        for name in ("messages", "codec", "limits", "topics", "identity", "names")
    ),
    *(
        f"broker/{name}"
        for name in ("core", "turn", "lobby", "ledger", "sessions", "presence", "limits", "batch")
    ),
    *(
        f"broker/{name}"
        for name in ("rights", "roomnames", "membership", "moderation", "putting_out", "lists")
    ),
    *(f"broker/{name}" for name in ("facts", "asking", "entrance", "access", "sanctions")),
    *(f"broker/{name}" for name in ("codes", "waitinglist")),
    *(
        f"client/{name}"
        for name in ("session", "saying", "options", "rooms", "roomview", "outbox", "asking")
    ),
    *(f"client/{name}" for name in ("effects", "events", "commands", "completion", "conversation")),
    *(f"client/{name}" for name in ("timeline", "layout", "markup", "emoji", "finding")),
    *(f"client/{name}" for name in ("doors", "places", "causes", "shapes", "states", "answers")),
    "client/vocabulary",
    "talk/surroundings",
    *(
        f"doctor/{name}"
        for name in ("findings", "seen", "judging", "judging_server", "words", "report")
    ),
    *(f"doctor/phrases{name}" for name in ("", "_way", "_server")),
    "lan/found",
    "endpoints",
    *(f"web/{name}" for name in ("actions", "entries_json", "roster", "view", "people_view")),
    *(f"web/{name}" for name in ("talking", "keeping", "past")),
    "gui/model",
    "gui/panes",
    "gui/drafts",
    "gui/looking_back",
    "console/tables",
    *(f"gui/server_{name}" for name in ("log", "model", "place", "shapes")),
    "safe",
    "look",
    "icons",
]
OUTSIDE = {
    "zmq", "sqlite3", "tkinter", "threading", "socket", "time", "asyncio", "subprocess", "os",
    "pathlib", "secrets", "random", "prompt_toolkit", "queue", "select", "signal", "logging",
}  # fmt: skip
SOCKETS = {
    "broker/server", "broker/gate", "broker/admission", "broker/sockets",
    "client/link", "client/thread", "client/looplink", "client/shared", "client/card", "keys",
}  # fmt: skip
TOOLKITS = {"tkinter", "ttkbootstrap", "PIL", "prompt_toolkit", "aiohttp"}
WIDGETS = "gui"
LOOKS = "gui/theme"
"""Where alone ttkbootstrap is known: widgets ask the theme."""
KNOWN_BY = {
    "zeroconf": "lan/mdns",
    "segno": "lan/qr",
    "ifaddr": "addresses",
}
"""Packages of the extra `lan`, each known in one module, and imported when it is needed."""
LONGEST = 450


@functools.cache
def _imports(path: Path) -> frozenset[str]:
    """The names of the modules that a file imports, deferred ones included; read once for all
    rules."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _at_the_top(path: Path, package: str) -> bool:
    """Whether a file imports something of `package` as soon as it is imported itself."""
    return any(
        isinstance(node, ast.ImportFrom) and _within(node.module or "", package)
        for node in ast.parse(path.read_text("utf-8")).body
    )


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _sources() -> list[Path]:
    tracked = ("common", "tests", "bench", "devtools", "examples", "packaging", "requirements")
    return [
        *ROOT.glob("*.py"),
        *(path for folder in tracked for path in (ROOT / folder).rglob("*.py")),
    ]


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_nothing_that_does_things(name: str) -> None:
    tops = {module.split(".")[0] for module in _imports(COMMON / f"{name}.py")}
    assert not tops & OUTSIDE


@pytest.mark.parametrize("shell", SHELLS)
def test_the_programs_do_not_know_one_another(shell: str) -> None:
    others = [f"common.{other}" for other in SHELLS if other != shell]
    for path in (COMMON / shell).rglob("*.py"):
        # `broker.py --window` opens the window in place of serving, and imports it only then.
        known = "common.gui.server_app" if path == COMMON / "broker" / "app.py" else ""
        assert not known or not _at_the_top(path, known)
        for module in _imports(path):
            foreign = any(_within(module, other) for other in others)
            assert not foreign or (known and _within(module, known)), path


@pytest.mark.parametrize("folder", ["console", "doctor"])
def test_broker_and_client_meet_where_a_verb_of_the_operator_needs_both(folder: str) -> None:
    """The console commands the broker as a client, the doctor looks at both; what serves knows
    neither, but by the verbs' names."""
    meeting = f"common.{folder}"
    knows = ("broker/app", "broker/commandline", *(["cli/doctor"] if folder == "doctor" else []))
    for path in COMMON.rglob("*.py"):
        name = path.relative_to(COMMON).with_suffix("").as_posix()
        imports = _imports(path)
        if name.startswith(f"{folder}/"):
            others = [f"common.{shell}" for shell in (*SHELLS, "talk") if shell != "broker"]
            assert not any(_within(module, other) for module in imports for other in others), path
        elif name not in knows:
            assert not any(_within(module, meeting) for module in imports), path
        if name.startswith("broker/"):
            assert not any(_within(module, "common.client") for module in imports), path
            assert not _at_the_top(path, meeting), path


def test_the_client_s_doctor_knows_no_broker() -> None:
    """A machine that only joins needs nothing of what serves."""
    apart = {"broker_side", "judging_server", "phrases_server", "server_app"}
    for path in (COMMON / "doctor").glob("*.py"):
        imports = _imports(path)
        if path.stem not in apart:
            others = ("common.broker", *(f"common.doctor.{name}" for name in apart))
            assert not any(_within(module, other) for module in imports for other in others), path


@pytest.mark.parametrize("folder", ["protocol", "client", "talk", "lan"])
def test_what_is_shared_knows_no_program(folder: str) -> None:
    for path in (COMMON / folder).rglob("*.py"):
        for module in _imports(path):
            assert not any(_within(module, f"common.{shell}") for shell in SHELLS), path
            alone = folder in ("protocol", "lan")
            assert not alone or not _within(module, "common.client"), path
            assert folder == "talk" or not _within(module, "common.talk"), path
            assert module.split(".")[0] not in TOOLKITS, path


def test_zmq_is_imported_only_where_sockets_live() -> None:
    users = {
        path.relative_to(COMMON).with_suffix("").as_posix()
        for path in COMMON.rglob("*.py")
        if any(module.split(".")[0] == "zmq" for module in _imports(path))
    }
    assert users <= SOCKETS


def test_tk_is_imported_only_by_the_window() -> None:
    users = {
        path.relative_to(COMMON).parts[0]
        for path in COMMON.rglob("*.py")
        if {module.split(".")[0] for module in _imports(path)} & {"tkinter", "ttkbootstrap"}
    }
    assert users == {WIDGETS}


def test_ttkbootstrap_is_known_to_the_theme_alone() -> None:
    users = {
        path.relative_to(ROOT).with_suffix("").as_posix()
        for path in _sources()
        if any(_within(module, "ttkbootstrap") for module in _imports(path))
    }
    assert users == {f"common/{LOOKS}"}


@pytest.mark.parametrize("package", KNOWN_BY)
def test_what_finds_servers_is_known_to_one_module_each(package: str) -> None:
    users = {
        path.relative_to(COMMON).with_suffix("").as_posix()
        for path in COMMON.rglob("*.py")
        if any(_within(module, package) for module in _imports(path))
    }
    assert users == {KNOWN_BY[package]}
    body = ast.parse((COMMON / f"{KNOWN_BY[package]}.py").read_text("utf-8")).body
    # Without the extra, everything else of Causette works.
    named = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any(package in ast.unparse(node) for node in named)


def test_sqlite_is_imported_only_where_files_live() -> None:
    users = {
        path.relative_to(COMMON).with_suffix("").as_posix()
        for path in COMMON.rglob("*.py")
        if "sqlite3" in {module.split(".")[0] for module in _imports(path)}
    }
    files = {"client/profile", "client/database", "web/profile", "web/store"}
    assert all(user.startswith("broker/") or user in files for user in users), users


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_opens_with_what_it_owns_and_can_be_held_in_the_head(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= LONGEST
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_no_test_sleeps_but_in_one_place() -> None:
    sleepers = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
    ]
    assert sleepers == ["tests/support/waiting.py"]
