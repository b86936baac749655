// Owns the dialogs about rooms: joining or making one, going to one, writing to one person, who
// belongs to it, its rules, saving what was said. Must not know how a card works.

import { board, everybody, roomRow } from "./board.js";
import { decide } from "./deeds.js";
import { Card, Refusal, Rows, deed, listed, rowButton, rowWords } from "./dialogs.js";
import { el, face, icon, keyed, toast } from "./dom.js";
import { send } from "./link.js";
import { noLink } from "./menus.js";
import { _, n_, put } from "./words.js";

/** Without case and accents, so that `ines` finds Inès. */
export function fold(words) {
  return words.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

const failure = (error) => (error instanceof Refusal ? error.message : noLink());

// --- a list to choose from, under a field -----------------------------------------------------------

/**
 * A field and the list that it filters: a combobox. `items()` gives {key, make: nodes} for what is
 * typed; `take(key)` is done with a chosen one; `first`: which one Enter means unless another is chosen.
 */
class Choosing {
  constructor(card, input, name, items, take, first = -1) {
    Object.assign(this, { card, input, items, take, first, at: first });
    this.list = el("ul", { class: "choices", role: "listbox", id: card.id(), "aria-label": name });
    card.add(this.list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", () => {
      this.at = this.first;
      this.draw();
    });
    input.addEventListener("keydown", (event) => this.key(event));
  }

  draw() {
    const items = this.items();
    this.keys = items.map((one) => one.key);
    if (this.at >= items.length) this.at = -1;
    const shown = items.map((one, at) => ({ ...one, chosen: at === this.at, id: `${this.list.id}-${at}` }));
    keyed(this.list, shown, (one) =>
      el("li", {
        role: "option",
        id: one.id,
        "aria-selected": String(one.chosen),
        on: { click: () => this.take(one.key) },
      }, ...one.make()),
    );
    const chosen = this.list.children[this.at];
    if (chosen) {
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  /** What Enter means: the chosen one, or "". */
  get chosen() {
    return this.keys[this.at] || "";
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !this.keys.length) return;
    event.preventDefault();
    this.at = (this.at + by + this.keys.length + (this.at < 0 && by < 0 ? 1 : 0)) % this.keys.length;
    this.draw();
  }
}

const roomSign = (kind) => icon(kind === "private" ? "lock" : "hash");
const placeSign = (one) => (one.kind === "direct" ? face(one.label, one.colour, one.bot) : roomSign(one.kind));

// --- joining, going, writing ------------------------------------------------------------------------

export function newRoom() {
  const card = new Card(_("Join a room, or make one"));
  const name = card.field(_("Name"), "", { placeholder: _("such as project"), maxlength: "64" });
  const closed = card.check(_("Private: only whom you invite sees it"));
  const about = card.words(_("Rooms on this server"), "caption part-title");
  let rooms = [];
  const typed = () => fold(name.value.trim().replace(/^#/, ""));
  const exists = (wanted) => rooms.find((one) => fold(one.name) === wanted);
  const join = async (room) => {
    await deed({ name: "join", room }, name);
    card.done();
  };
  const choosing = new Choosing(card, name, about.textContent, () => {
    const wanted = typed();
    main.textContent = exists(wanted) || !wanted ? _("Join") : _("Make the room");
    closed.disabled = Boolean(exists(wanted));
    return rooms
      .filter((one) => fold(one.label || one.name).includes(wanted))
      .map((one) => ({
        key: one.name,
        note: one.note,
        make: () => rowWords(roomSign(one.private ? "private" : "room"), one.label || one.name, one.note),
      }));
  }, (key) => {
    name.value = key;
    card.go();
  });
  const main = card.answer(_("Join"), async () => {
    const wanted = choosing.chosen || name.value.trim().replace(/^#/, "");
    if (!wanted) throw new Refusal(_("Type the name of a room."), name);
    const known = exists(fold(wanted));
    if (known) await join(known.name);
    else {
      await deed({ name: "create", room: wanted, choice: closed.checked ? "private" : "" }, name);
      card.done();
    }
  });
  choosing.draw();
  card.present(name);
  listed("rooms").then((answer) => {
    rooms = answer.entries;
    choosing.draw();
  }).catch((error) => card.failed(failure(error)));
}

export function goTo() {
  const card = new Card(_("Go to a room"));
  const typed = card.field(_("Some letters of its name"));
  const choosing = new Choosing(card, typed, _("Rooms"), () => {
    const wanted = fold(typed.value.trim().replace(/^[#@]/, ""));
    const hits = board.rooms.filter((one) => fold(one.label).includes(wanted));
    hits.sort((a, b) => fold(b.label).startsWith(wanted) - fold(a.label).startsWith(wanted));
    return hits.map((one) => ({
      key: one.name,
      make: () => rowWords(placeSign(one), one.label, ""),
    }));
  }, (key) => {
    send({ t: "open", room: key });
    card.done();
  }, 0);
  card.answer(_("Go"), async () => {
    const key = choosing.chosen;
    if (!key) throw new Refusal(_("You are in no room of that name."), typed);
    send({ t: "open", room: key });
    card.done();
  });
  card.act(_("Join a room, or make one…"), () => {
    card.done();
    newRoom();
  }, "link");
  choosing.draw();
  card.present(typed);
}

export function newDirect() {
  const card = new Card(_("Write to one person alone"));
  const nick = card.field(_("Nickname"), "", { maxlength: "64" });
  const known = new Map();
  for (const one of everybody()) known.set(one.user, one);
  const choosing = new Choosing(card, nick, _("People"), () => {
    const wanted = fold(nick.value.trim().replace(/^@/, ""));
    return [...known.values()]
      .filter((one) => one.user !== board.me.user && fold(one.nick).includes(wanted))
      .sort((a, b) => fold(a.nick).localeCompare(fold(b.nick)))
      .map((one) => ({ key: one.nick, make: () => rowWords(face(one.nick, one.colour, one.bot), one.nick, "") }));
  }, (key) => {
    nick.value = key;
    card.go();
  });
  card.answer(_("Write"), async () => {
    const wanted = choosing.chosen || nick.value.trim().replace(/^@/, "");
    if (!wanted) throw new Refusal(_("Type a nickname, or choose one."), nick);
    await deed({ name: "msg", nick: wanted }, nick);
    card.done();
  });
  choosing.draw();
  card.present(nick);
  listed("people").then((answer) => {
    for (const one of answer.entries) known.set(one.user, one);
    choosing.draw();
  }).catch(() => {});
}

// --- who belongs to it ------------------------------------------------------------------------------

/** Of a public room, those who moderate it. */
export function members(name) {
  const room = roomRow(name);
  if (!room) return;
  const closed = room.kind === "private";
  const shown = `#${room.label}`;
  const title = closed ? _("Members of {room}") : _("Who moderates {room}");
  const card = new Card(put(title, { room: shown }), { wide: true });
  const may = room.decides;
  const nick = may ? card.field(closed ? _("Nickname to invite") : _("Nickname"), "", { maxlength: "64" }) : null;
  const add = closed ? { name: "invite" } : { name: "role", choice: "moderator" };
  if (may) {
    const words = closed ? _("Invite") : _("Make moderator");
    const press = el("button", { type: "submit", class: "plain-button", text: words });
    nick.parentElement.classList.add("with-button");
    nick.after(press);
    card.main = press;
    card.command = async () => {
      const wanted = nick.value.trim().replace(/^@/, "");
      if (!wanted) throw new Refusal(_("Type a nickname."), nick);
      await deed({ ...add, room: name, nick: wanted }, nick);
      nick.value = "";
      load();
    };
  }
  const rows = new Rows(card, card.element.querySelector("h2").textContent);
  const role = (one, choice) => act(() => deed({ name: "role", room: name, user: one.user, nick: one.nick, choice }));
  const act = async (run) => {
    try {
      await run();
      await load();
    } catch (error) {
      rows.say(failure(error));
    }
  };
  const doings = (one) => [
    closed && one.role !== "moderator" && rowButton(_("Make moderator"), () => role(one, "moderator"), one.nick),
    one.role === "moderator" && rowButton(_("No longer moderator"), () => role(one, "member"), one.nick),
    closed && one.user !== board.me.user && rowButton(_("Remove…"), () => {
      card.done();
      decide("remove", { nick: one.nick, user: one.user, room: name }, () => members(name));
    }, one.nick, true),
  ].filter(Boolean);
  const load = async () => {
    try {
      const answer = await listed("members", name);
      rows.show(answer.entries, (one) => [
        ...rowWords(face(one.nick || one.label, one.colour, one.bot), one.label, one.note),
        ...(may ? [el("span", { class: "row-doings" }, doings(one))] : []),
      ], answer.text);
    } catch (error) {
      rows.say(failure(error));
    }
  };
  card.close();
  card.present(nick);
  load();
}

// --- rules ------------------------------------------------------------------------------------------

const AS_IT_IS = "-";
const PAUSES = [0, 5, 30, 60, 300, 3600];

function pauseWords(seconds) {
  const known = {
    0: _("none"), 5: _("5 seconds"), 30: _("30 seconds"),
    60: _("1 minute"), 300: _("5 minutes"), 3600: _("1 hour"),
  };
  return known[seconds] || n_("{n} second", "{n} seconds", seconds);
}

/** What the server does not tell stays as it is unless something else is chosen. */
export function rules(name) {
  const row = roomRow(name);
  if (!row) return;
  const open = board.room?.name === name ? board.room : null;
  const card = new Card(put(_("Rules of {room}"), { room: `#${row.label}` }));
  const writers = [[AS_IT_IS, _("as it is now")], ["off", _("everybody")], ["on", _("only moderators")]];
  const readonly = open
    ? card.check(_("Only moderators write"), open.readonly)
    : card.choice(_("Who writes"), writers, AS_IT_IS);
  const now = open ? open.slow || 0 : AS_IT_IS;
  const lengths = new Set([...PAUSES, open?.slow || 0]);
  const pauses = [...lengths].sort((a, b) => a - b).map((one) => [one, pauseWords(one)]);
  if (!open) pauses.unshift([AS_IT_IS, _("as it is now")]);
  const slow = card.choice(_("Pause between two messages of one person"), pauses, now);
  const newcomers = row.kind === "private"
    ? card.choice(_("Newcomers may read"), [
        [AS_IT_IS, _("as it is now")],
        ["all", _("all that was said here")],
        ["new", _("what is said from then on")],
      ], AS_IT_IS)
    : null;
  const keep = card.choice(_("Messages are kept"), [
    [AS_IT_IS, _("as it is now")],
    ["0", _("for ever")],
    ["86400", _("1 day")],
    ["604800", _("1 week")],
    ["2592000", _("30 days")],
    ["31536000", _("1 year")],
  ], AS_IT_IS);
  card.answer(_("Apply"), async () => {
    const wish = open ? (readonly.checked ? "on" : "off") : readonly.value;
    const was = open ? (open.readonly ? "on" : "off") : AS_IT_IS;
    if (wish !== was) await deed({ name: "readonly", room: name, choice: wish });
    if (slow.value !== String(now)) await deed(span("slow", slow.value));
    if (newcomers && newcomers.value !== AS_IT_IS) {
      await deed({ name: "newcomers", room: name, choice: newcomers.value });
    }
    if (keep.value !== AS_IT_IS) await deed(span("keep", keep.value));
    card.done();
    toast(_("Done."));
  });
  const span = (what, value) => {
    const seconds = Number(value);
    return { name: what, room: name, seconds, choice: seconds ? "" : "off" };
  };
  card.present();
}

// --- saving -----------------------------------------------------------------------------------------

export function save() {
  const room = board.room;
  if (!room) return;
  const card = new Card(_("Save the conversation"));
  card.words(put(_("All that is kept of {room}, as a file in this browser’s downloads."), { room: room.title }));
  const form = card.choice(_("Format"), [
    ["txt", _("Text")],
    ["html", _("Web page (HTML)")],
    ["jsonl", _("JSON lines, for programs")],
  ], "txt");
  card.answer(_("Save"), async () => {
    const query = new URLSearchParams({ room: room.name, format: form.value });
    const address = el("a", { href: `/api/save?${query}`, download: "" });
    address.click();
    card.done();
  });
  card.present(form);
}
