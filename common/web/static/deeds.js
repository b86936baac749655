// Owns the questions before something is done to somebody or for oneself: for how long, and why; a
// new nickname; leaving a private room. Must not know how a card works.

import { board, roomRow } from "./board.js";
import { Card, deed } from "./dialogs.js";
import { toast } from "./dom.js";
import { _, number, put } from "./words.js";

// Title, words and button of each question; `timed`: it asks for how long; `atOnce`: what no time
// means. The titles name {nick}, {room} or {seq}.
const KINDS = () => ({
  mute: {
    title: _("Mute {nick} in {room}?"),
    words: _("They go on reading and cannot write here."),
    button: _("Mute"),
    timed: true,
    seconds: 600,
  },
  kick: {
    title: _("Remove {nick} from {room}?"),
    words: _("They are told why."),
    button: _("Remove from the room"),
    timed: true,
    atOnce: _("may come back at once"),
  },
  remove: {
    title: _("Remove {nick} from {room}?"),
    words: _("Only an invitation brings them back."),
    button: _("Remove from the room"),
  },
  disconnect: {
    title: _("Close the connections of {nick}?"),
    words: _("They may come back after a moment."),
    button: _("Disconnect them"),
    timed: true,
    atOnce: _("may come back at once"),
  },
  ban: {
    title: _("Ban {nick} from this server?"),
    words: _("Their connections are closed, and their key is not let in any more."),
    button: _("Ban"),
    timed: true,
  },
  free: {
    title: _("Take the nickname {nick} from whoever holds it?"),
    words: _("They get another one until they choose."),
    button: _("Take the nickname"),
  },
  delete: {
    title: _("Delete message no. {seq}?"),
    words: _("Its text is taken away for good, for everybody; a numbered trace stays."),
    button: _("Delete"),
  },
});

/** `whom`: {nick, user, room, seq}, as far as the question is about them. */
export function decide(kind, whom, after = null) {
  const chosen = KINDS()[kind];
  const room = roomRow(whom.room);
  const shown = room ? `#${room.label}` : "";
  const seq = whom.seq ? number(whom.seq) : "";
  const card = new Card(put(chosen.title, { nick: whom.nick || "", room: shown, seq }));
  card.words(chosen.words);
  const time = chosen.timed ? card.span(_("For how long"), chosen.seconds || 0, chosen.atOnce) : null;
  const why = card.field(_("Reason, which they read"));
  card.answer(
    chosen.button,
    async () => {
      const answer = await deed({
        name: kind,
        nick: whom.nick || "",
        user: whom.user || "",
        room: whom.room || "",
        count: whom.seq || 0,
        seconds: time ? Number(time.value) : 0,
        text: why.value.trim(),
      });
      card.done();
      if (answer.text) toast(answer.text);
      if (after) after();
    },
    { danger: true },
  );
  card.present(why);
}

export function newNickname() {
  const card = new Card(_("Change your nickname"));
  const nick = card.field(_("Nickname"), board.me.nick, { maxlength: "64", autocomplete: "nickname" });
  card.words(_("Your former nicknames stay yours: nobody else can take them."));
  card.answer(_("Change"), async () => {
    const answer = await deed({ name: "nick", nick: nick.value.trim() }, nick);
    card.done();
    if (answer.text) toast(answer.text);
  });
  card.present(nick);
}

export function leavePrivate(room) {
  const card = new Card(put(_("Leave {room}?"), { room: `#${room.label}` }));
  card.words(_("It is private: only an invitation brings you back."));
  card.answer(
    _("Leave the room"),
    async () => {
      await deed({ name: "leave", room: room.name });
      card.done();
    },
    { danger: true },
  );
  card.present();
}
