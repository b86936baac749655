"""The verb `key`: an identity saved to a file under a passphrase, and restored from one.

Owns the questions and the files. What seals is `common.keybox`; a key is a person, so that none is
lost by this: a key that another takes the place of is put aside, never deleted.
"""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path
from typing import Final

from common import keybox, keys, paths
from common.cli import wire
from common.cli.joining import Run
from common.cli.output import Stop
from common.client.joining import disk_trouble, nickname_of
from common.explain import explain
from common.i18n import _, n_, number

SHORTEST: Final = 8
"""Characters of a passphrase at least."""


def run(run: Run) -> int:
    """Save or restore. Raises Stop, BadSetting, CannotJoin."""
    deeds = {"save": _save, "restore": _restore}
    if len(run.words) != 2 or run.words[0] not in deeds:
        raise Stop(2, _("type {command}").format(command="client_cli.py key save|restore FILE"))
    if not keybox.available():
        raise Stop(1, _("this needs the package pyrage; type: {command}").format(command=_INSTALL))
    word, file = run.words
    return deeds[word](run, Path(file).expanduser())


_INSTALL: Final = 'python3 -m pip install "causette[keys]"'


def _save(run: Run, file: Path) -> int:
    nick, path = _identity(run)
    if not path.exists():
        words = _("{nick} has no key yet ({path}); choose another nickname with -n")
        raise Stop(1, words.format(nick=nick, path=path))
    pair = _load(path)
    if file.exists() and not run.settings.switch("force"):
        raise Stop(1, _("{path} exists; choose another name, or add --force").format(path=file))
    sealed = keybox.seal(keys.to_file(pair), _new_passphrase())
    try:
        paths.write_private(file, sealed)
    except OSError as error:
        raise disk_trouble(file, error) from error
    _tell(run, "saved", nick, pair, file, _("The key of {nick} is in {path}: {key}."))
    return 0


def _restore(run: Run, file: Path) -> int:
    nick, path = _identity(run)
    pair = _opened(file, _passphrase(_("Passphrase: ")))
    try:
        if not paths.create_private(path, keys.to_file(pair)):
            _take_the_place_of(run, path, pair, nick)
    except OSError as error:
        raise disk_trouble(path, error) from error
    _tell(run, "restored", nick, pair, path, _("{nick} has the key from this file again: {key}."))
    return 0


def _take_the_place_of(run: Run, path: Path, pair: keys.KeyPair, nick: str) -> None:
    # With --force a damaged key is replaced as well: that is what a copy is for.
    if not run.settings.switch("force"):
        if _load(path).public == pair.public:
            return
        words = _("{nick} has another key ({path}); add --force to put that one aside")
        raise Stop(1, words.format(nick=nick, path=path))
    aside = path.with_name(f"{path.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}")
    path.replace(aside)
    paths.write_private(path, keys.to_file(pair))
    run.out.note(_("the former key is in {path}").format(path=aside))


def _identity(run: Run) -> tuple[str, Path]:
    """Whose key, and where it lives."""
    nick, _fallback = nickname_of(run.settings)
    chosen = run.settings.text("key-file")
    if chosen:
        return nick, Path(chosen).expanduser()
    return nick, keys.client_key_file(paths.data_dir(run.settings.text("data-dir")), nick)


def _load(path: Path) -> keys.KeyPair:
    try:
        return keys.load(path)
    except keys.BadKeyFile as error:
        values = {"path": str(error.path), "why": error.why}
        raise Stop(78, explain("key-file", values)) from error
    except OSError as error:
        raise disk_trouble(path, error) from error


def _opened(file: Path, passphrase: str) -> keys.KeyPair:
    try:
        with file.open("rb") as stream:
            sealed = stream.read(keybox.LARGEST)
        return keys.from_file(keybox.unseal(sealed, passphrase))
    except FileNotFoundError as error:
        raise Stop(1, _("{where}: there is no such file").format(where=file)) from error
    except OSError as error:
        line = _("{where}: cannot be read ({why})").format(where=file, why=error.strerror)
        raise Stop(1, line) from error
    except (keybox.CannotOpen, ValueError) as error:
        words = _("{path} cannot be opened: the passphrase is wrong, or the file is damaged")
        raise Stop(1, words.format(path=file)) from error


def _tell(run: Run, what: str, nick: str, pair: keys.KeyPair, path: Path, words: str) -> None:
    shown = keys.fingerprint(pair.public)
    if run.settings.switch("json"):
        line = {"type": what, "nick": nick, "path": str(path), "key": pair.public}
        run.out.data(wire.dump({**line, "fingerprint": shown}))
    else:
        run.out.line(words.format(nick=nick, path=path, key=shown))


# --- the passphrase -------------------------------------------------------------------------------


def _new_passphrase() -> str:
    first = _passphrase(_("New passphrase: "))
    if len(first) < SHORTEST:
        words = n_(
            "a passphrase has at least {n} character",
            "a passphrase has at least {n} characters",
            SHORTEST,
        )
        raise Stop(1, words.format(n=number(SHORTEST)))
    if _on_terminal() and _passphrase(_("The same again: ")) != first:
        raise Stop(1, _("the two passphrases differ; nothing was saved"))
    return first


def _passphrase(prompt: str) -> str:
    """From the terminal, without echo; else the first line of stdin. Raises Stop."""
    if _on_terminal():
        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise Stop(1, _("no passphrase was given")) from None
    line = sys.stdin.buffer.readline() if sys.stdin is not None else b""
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Stop(1, _("the passphrase on stdin is not UTF-8")) from error
    if not text:
        raise Stop(1, _("no passphrase was given"))
    return text


def _on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
