"""Another nickname, and those that one had before."""

from __future__ import annotations

from common.explain import explain
from common.gui.desk import Desk
from common.gui.dialogs.asking import Asking
from common.i18n import _
from common.protocol.names import BadName, nick


class NewNickname(Asking):
    """Presented at once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.over, _("Change your nickname"))
        self._desk = desk
        self.nick = self.field(_("Nickname"), desk.talk.nick)
        self.words(_("Your former nicknames stay yours: nobody else can take them."))
        self.answer(_("Change"), self._answer)
        self.nick.select_all()
        self.present(self.nick.text)

    def _answer(self) -> None:
        try:
            wanted = nick(self.nick.value)
        except BadName as error:
            values = {"value": error.value, "reason": error.reason}
            self.failed(explain(error.code, values), self.nick)
            return
        self.wait()

        def renamed(_reply: object) -> None:
            self._desk.talk.renamed(wanted)
            self._desk.say(_("You are {nick} here.").format(nick=wanted))
            self.done()

        self._desk.ask(
            self._desk.client.nick(wanted), renamed, lambda why: self.failed(why, self.nick)
        )
