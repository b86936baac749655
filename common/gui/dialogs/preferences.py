"""How the window looks and calls: theme, size of text, notifications, sound, language.

Owns the questions; each answer is in force at once and is remembered.
"""

from __future__ import annotations

from common.gui import notify
from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.gui.theme import theme_of
from common.i18n import _

_SIZES = (80, 90, 100, 110, 120, 130, 150, 175, 200)


class Preferences(Asking):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Settings"), width=360)
        kept = self._kept = desk.remembered
        self._desk = desk
        self._theme_now = theme_of(desk.over)
        self.theme = self.choice(
            _("Theme"),
            [("system", _("as the system")), ("light", _("light")), ("dark", _("dark"))],
            kept.theme,
        )
        self.theme.on_choice(self._themed)
        sizes = sorted({*_SIZES, self._theme_now.text_percent})
        self.text_size = self.choice(
            _("Size of text (Ctrl + and Ctrl -)"),
            [(str(one), f"{one} %") for one in sizes],
            str(self._theme_now.text_percent),
        )
        self.text_size.on_choice(self._sized)
        self.lang = self.choice(
            _("Language"),
            [("", _("as the system")), ("fr", "Français"), ("en", "English")],
            kept.lang,
        )
        self.lang.on_choice(self._spoken)
        self.notify = self.check(_("Notify me of what concerns me"), kept.notify)
        self.sound = self.check(_("With a sound"), kept.sound)
        self.notify.configure(command=self._ticked)
        self.sound.configure(command=self._ticked)
        words = _("What names you, or is written to you alone.")
        if not notify.possible():
            words += " " + _("This desktop cannot notify; the window's title tells it.")
        self.words(words)
        self.act(_("Close"), primary=True)
        self.present()

    def _themed(self, value: str) -> None:
        self._kept.theme = "light" if value == "light" else "dark" if value == "dark" else "system"
        self._theme_now.switch(self._kept.theme)

    def _sized(self, value: str) -> None:
        self._theme_now.zoom(int(value))
        self._kept.text_size = self._theme_now.text_percent

    def _spoken(self, value: str) -> None:
        """All that is seen is made anew, and this card with it."""
        desk = self._desk

        def speak() -> None:
            self.close()
            desk.speak(value)
            Preferences(desk).lang.focus_set()

        # The menu that this was chosen in is part of the card.
        desk.over.after_idle(speak)

    def _ticked(self) -> None:
        self._kept.notify = self.notify.value
        self._kept.sound = self.sound.value
