// Owns the pane of people: who is in the open room, and who was lately. Must not know what the menus
// offer.

import { board, watch } from "./board.js";
import { byId, el, face, fill, keyed } from "./dom.js";
import { personMenu } from "./menus.js";
import { held } from "./press.js";
import { _, onLanguage, put } from "./words.js";

const present = el("ul", { class: "rows", "aria-labelledby": "people-heading" });
const absentTitle = el("h3", { class: "caption strong absent-title", id: "absent-heading" });
const absent = el("ul", { class: "rows", "aria-labelledby": "absent-heading" });

export function setUpPeople() {
  fill(byId("people-list"), present, absentTitle, absent);
  watch(["people", "me", "room"], draw);
  onLanguage(draw);
  draw();
}

function draw() {
  const people = board.people;
  byId("people-heading").textContent = people.heading || _("People");
  absentTitle.textContent = people.absent_heading;
  absentTitle.hidden = absent.hidden = !people.absent.length;
  keyed(present, people.present.map((one) => item(one, true)), row);
  keyed(absent, people.absent.map((one) => item(one, false)), row);
}

function item(one, here) {
  return {
    ...one,
    key: one.user,
    here,
    you: one.user === board.me.user,
    stale: board.people.stale,
    ignored: board.people.ignored.includes(one.user),
    lang: document.documentElement.lang,
  };
}

function row(one) {
  const words = one.you ? put(_("{nick} (you)"), { nick: one.nick }) : one.nick;
  const hollow = one.stale || !one.here;
  const notes = [];
  if (one.ignored) notes.push(_("ignored"));
  if (one.stale && one.here) notes.push(_("was here before the cut"));
  const button = el(
    "button",
    {
      type: "button",
      class: "place",
      "aria-haspopup": "menu",
      title: notes.join(" · ") || null,
      on: { click: () => personMenu(one, button) },
    },
    face(one.nick, one.colour, one.bot),
    el("bdi", { class: "cut", text: words }),
    one.bot ? el("span", { class: "bot-word", text: _("BOT") }) : null,
    one.ignored ? el("span", { class: "unseen", text: `, ${_("ignored")}` }) : null,
    el("span", { class: hollow ? "dot hollow" : "dot", "aria-hidden": "true" }),
  );
  const made = el("li", { class: one.here ? "place-row" : "place-row away" }, button);
  held(made, (place) => personMenu(one, button, place));
  return made;
}
