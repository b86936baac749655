"""Keep the catalogues in step with the code: `python -m common.locale.update`. For developers.

Owns: finding the messages in the code, and the form of the .po and .mo files, which depends on
nothing but their content (no dates, no line numbers, sorted), so that two people who add sentences
rarely conflict. Must not translate: whoever adds a sentence writes the French in ``fr/``.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from common.i18n import DOMAIN, LANGUAGES, LOCALE_DIR

ROOT = LOCALE_DIR.parent.parent
KEYWORDS = {"_": None, "N_": None, "n_": (1, 2)}
_HEADER = "# The words of Causette. Kept by common/locale/update.py: edit the translations only."


def sources(root: Path = ROOT) -> list[Path]:
    """Return the files in which messages stand: the doors and all of ``common``."""
    doors = [root / "broker.py", *root.glob("client_*.py")]
    house = (root / "common").rglob("*.py")
    own = Path(__file__).resolve()
    return sorted(file for file in [*doors, *house] if file.exists() and file.resolve() != own)


def extract(files: Iterable[Path] | None = None) -> Catalog:
    """Return the messages marked with `_`, `n_` and `N_` in `files`, by default in `sources()`."""
    template = Catalog()
    for file in sources() if files is None else files:
        for _line, message, _comments, _context in extract_from_file(
            "python", file, keywords=KEYWORDS
        ):
            if message and message != ("", ""):
                template.add(message)
    return template


def po_file(lang: str) -> Path:
    """Return where the catalogue that people edit lives."""
    return LOCALE_DIR / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def load(lang: str) -> Catalog:
    """Return the catalogue of `lang` as it is on disk; an empty one where there is none."""
    file = po_file(lang)
    if not file.exists():
        return Catalog(locale=lang)
    with file.open("rb") as stream:
        return read_po(stream, locale=lang)


def merged(lang: str, template: Catalog) -> Catalog:
    """Return the catalogue of `lang` with the messages of `template`, no more and no fewer.

    New ones have no translation, save in English, where each is its own.
    """
    old = load(lang)
    new = _Catalog(locale=lang, fuzzy=False, header_comment=_HEADER)
    for message in template:
        if not message.id:
            continue
        known = old.get(message.id)
        text = known.string if known else ""
        if lang == "en":
            text = message.id
        elif isinstance(message.id, tuple) and not isinstance(text, tuple):
            text = ("",) * new.num_plurals
        elif isinstance(message.id, str) and isinstance(text, tuple):
            text = ""  # it had a plural once
        new.add(message.id, text, flags=message.flags)
    return new


def po_bytes(catalogue: Catalog) -> bytes:
    """Return the text of a .po file."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, no_location=True, sort_output=True)
    return buffer.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return the compiled form."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the messages that still lack words, the singular for those with a plural."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and not all(_forms(message.string))
    ]


def _forms(string: str | Iterable[str] | None) -> list[str]:
    return [string or ""] if string is None or isinstance(string, str) else list(string)


class _Catalog(Catalog):
    """A catalogue whose header says only what gettext reads."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)


def main() -> int:
    """Update every catalogue; say what is left to translate, and exit with 1 if anything is."""
    template = extract()
    left = 0
    for lang in LANGUAGES:
        catalogue = merged(lang, template)
        file = po_file(lang)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(po_bytes(catalogue))
        file.with_suffix(".mo").write_bytes(mo_bytes(catalogue))
        missing = untranslated(catalogue)
        left += len(missing)
        print(f"{lang}: {len(catalogue)} messages, {len(missing)} to translate")
        for message in missing:
            print(f"  {message!r}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
