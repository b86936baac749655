"""What dev.py says to people, in English or French, and how it fails: in one line.

Owns the words and the choice of language. Must not know what the verbs do. The catalogues of the
programs themselves are elsewhere: they need packages that are not installed yet when this speaks.
"""

from __future__ import annotations

import os
import sys

_TEXTS: dict[str, tuple[str, str]] = {
    "making": (
        "Making .venv with Python {version}...",
        "Création de .venv avec Python {version}...",
    ),
    "remaking": (
        "Making .venv again ({why})...",
        "Nouvelle création de .venv ({why})...",
    ),
    "why-broken": ("the one that was there does not work", "celui qui était là ne marche pas"),
    "why-unfinished": ("its set-up was never finished", "son installation n’était pas terminée"),
    "why-changed": ("the locked versions changed", "les versions verrouillées ont changé"),
    "installing": (
        "Installing {count} packages into .venv (the first time takes a minute)...",
        "Installation de {count} paquets dans .venv (une minute la première fois)...",
    ),
    "installing-more": (
        "Adding to .venv what this verb needs...",
        "Ajout dans .venv de ce que demande cette commande...",
    ),
    "waiting-lock": (
        "Another dev.py is setting up; waiting for it...",
        "Un autre dev.py est en train d’installer ; attente...",
    ),
    "ready-venv": (".venv is ready.", ".venv est prêt."),
    "apt": (
        "This Python has no pip: installing {packages} with apt-get...",
        "Ce Python n’a pas pip : installation de {packages} avec apt-get...",
    ),
    "no-pip": (
        "no pip found for Python {version}; install one (Debian, Ubuntu: sudo apt install "
        "python3-venv; elsewhere: {python} -m ensurepip), then type the same again",
        "aucun pip pour Python {version} ; installez-en un (Debian, Ubuntu : sudo apt install "
        "python3-venv ; ailleurs : {python} -m ensurepip), puis retapez la même commande",
    ),
    "no-venv": (
        "{python} cannot make a virtual environment; install its venv module (Debian, Ubuntu: "
        "sudo apt install python3-venv), then type the same again",
        "{python} ne sait pas créer d’environnement virtuel ; installez son module venv (Debian, "
        "Ubuntu : sudo apt install python3-venv), puis retapez la même commande",
    ),
    "install-failed": (
        "the packages of {file} could not be installed (above: the end of what pip said); check "
        "the network or the proxy, then type the same again",
        "les paquets de {file} n’ont pas pu être installés (ci-dessus, la fin de ce que pip a "
        "dit) ; vérifiez le réseau ou le mandataire, puis retapez la même commande",
    ),
    "no-lock": (
        "{file} is missing: this copy of Causette is not complete; fetch it again",
        "{file} manque : cette copie de Causette n’est pas complète ; reprenez-la",
    ),
    "starting-broker": ("Starting a broker...", "Démarrage d’un serveur..."),
    "starting-broker-log": (
        "Starting a broker; its log is {log}",
        "Démarrage d’un serveur ; son journal est {log}",
    ),
    "page": (
        "The page for browsers: {address}",
        "La page pour les navigateurs : {address}",
    ),
    "broker-there": (
        "A broker already answers at {address}.",
        "Un serveur répond déjà à {address}.",
    ),
    "broker-gone": (
        "the broker that answered has stopped",
        "le serveur qui répondait s’est arrêté",
    ),
    "broker-late": (
        "the broker was not ready after {seconds} seconds; look at its log: {log}",
        "le serveur n’était pas prêt après {seconds} secondes ; voyez son journal : {log}",
    ),
    "broker-failed": (
        "the broker stopped before it was ready (exit status {status})",
        "le serveur s’est arrêté avant d’être prêt (statut {status})",
    ),
    "broker-died": (
        "the broker stopped by itself (exit status {status})",
        "le serveur s’est arrêté de lui-même (statut {status})",
    ),
    "broker-ends-too": (
        "This broker ends with this command (Ctrl+C).",
        "Ce serveur s’arrête avec cette commande (Ctrl+C).",
    ),
    "broker-ended": (
        "The broker started here has ended too.",
        "Le serveur démarré ici est arrêté aussi.",
    ),
    "above": ("above", "ci-dessus"),
    "no-data-dir": (
        "the data directory could not be found: {reason}",
        "le répertoire des données est introuvable : {reason}",
    ),
    "checking": ("Checking: {what}", "Vérification : {what}"),
    "check-failed": ("failed: {what}", "échec : {what}"),
    "checks-passed": ("All checks passed.", "Toutes les vérifications passent."),
    "no-xvfb": (
        "Xvfb did not start: the window's tests will be skipped",
        "Xvfb n’a pas démarré : les tests de la fenêtre seront sautés",
    ),
    "system": ("{what}: {reason}", "{what} : {reason}"),
    "unexpected": (
        "unexpected {what} (CAUSETTE_DEBUG=1 shows where)",
        "imprévu : {what} (CAUSETTE_DEBUG=1 montre où)",
    ),
}

_language = 0


class Failure(Exception):
    """The verb cannot go on; its text is one line for people, `status` the exit status."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def choose_language(option: str | None = None) -> str:
    """Settle the language from the option, CAUSETTE_LANG, then the locale; "fr" or "en"."""
    global _language  # noqa: PLW0603  # one process, one reader, one language
    names = ("CAUSETTE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = option or next((os.environ[name] for name in names if os.environ.get(name)), "")
    _language = 1 if chosen.lower().startswith("fr") else 0
    return "fr" if _language else "en"


def text(key: str, **values: object) -> str:
    """The words for `key` in the chosen language."""
    return _TEXTS[key][_language].format(**values)


def say(key: str, **values: object) -> None:
    """One line to the person; on stderr, because stdout carries the ready line."""
    tell(text(key, **values))


def complain(words: str) -> None:
    """One line that says what failed."""
    tell(f"dev.py: {words}")


def tell(line: str) -> None:
    """Write a line in one piece: print() would let a signal in before its end."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
