// Owns the dialogs about the server and about one's own keys: invitations, who waits, measures,
// roles, devices, the log, codes, and addresses for programs. Must not know how a card works.

import { board } from "./board.js";
import { Card, Refusal, Rows, deed, listed, rowButton, rowWords } from "./dialogs.js";
import { el, icon, toast } from "./dom.js";
import { copyWords, noLink, pageLink } from "./menus.js";
import { _, moment, put } from "./words.js";

// Of each list: its title, its icon, and the buttons of a row as [words, the command, danger].
const LISTS = () => ({
  invitations: {
    title: _("Invitations"),
    icon: "key",
    doings: (one) => [[_("Withdraw"), { name: "withdraw", text: one.name }, true]],
    further: [_("New invitation…"), newInvitation],
  },
  waiting: {
    title: _("Who waits to be let in"),
    icon: "clock",
    doings: (one) => [[_("Let in"), { name: "approve", key: one.key }]],
  },
  sanctions: {
    title: _("Who is muted, removed or banned"),
    icon: "ban",
    doings: (one) => (one.what === "kick" ? [] : [[_("Lift"), lifting(one)]]),
  },
  roles: {
    title: _("Who owns and administers this server"),
    icon: "crown",
    doings: (one) =>
      board.me.role === "owner"
        ? [[_("End this role"), { name: "role", nick: one.nick, user: one.user, choice: "member" }, true]]
        : [],
  },
  devices: {
    title: _("My devices"),
    icon: "device",
    doings: (one) => [[_("Revoke"), { name: "revoke", key: one.key }, true]],
    further: [_("Add a device…"), newDevice],
  },
  audit: { title: _("What was decided here"), icon: "info", doings: () => [] },
});

function lifting(one) {
  const whom = { nick: one.nick || "", user: one.user || "", key: one.key || "" };
  return one.what === "ban" ? { name: "unban", ...whom } : { name: "unmute", room: one.room, ...whom };
}

const failure = (error) => (error instanceof Refusal ? error.message : noLink());

/** One of the server's lists; `room`: that of a room. */
export function served(what, room = "") {
  const kind = LISTS()[what];
  const card = new Card(kind.title, { wide: true });
  const rows = new Rows(card, kind.title);
  const load = async () => {
    try {
      const answer = await listed(what, room);
      rows.show(answer.entries, make, answer.text);
    } catch (error) {
      rows.say(failure(error));
    }
  };
  const act = async (call) => {
    try {
      const answer = await deed(call);
      if (answer.text) toast(answer.text);
      await load();
    } catch (error) {
      rows.say(failure(error));
    }
  };
  const make = (one) => {
    const doings = kind.doings(one).map(([words, call, danger]) =>
      rowButton(words, () => act(call), one.label, danger));
    return [...rowWords(icon(kind.icon), one.label, one.note), el("span", { class: "row-doings" }, doings)];
  };
  if (kind.further) {
    const [words, open] = kind.further;
    card.act(words, () => {
      card.done();
      open();
    }, "primary");
    card.act(_("Close"), () => card.done());
  } else card.close();
  card.present();
  load();
}

// --- codes ----------------------------------------------------------------------------------------

export function newInvitation() {
  const card = new Card(_("Invite somebody to this server"));
  const uses = card.choice(_("For how many people"), [1, 5, 10, 50, 1000].map((n) => [n, String(n)]), 1);
  const time = card.span(_("Good for"), 604800, _("without end"));
  card.answer(_("Make the invitation"), async () => {
    const answer = await deed({ name: "invitation", count: Number(uses.value), seconds: Number(time.value) });
    card.done();
    code(_("Invitation"), answer, _("Give the code, or this link: it opens this page with the code in it."));
  });
  card.present();
}

/** A code by which another device becomes this person's too. */
export async function newDevice() {
  try {
    const answer = await deed({ name: "device-code" });
    const how = _("Open this link on the other device, or type the code in its form, under “Invitation”.");
    code(_("Code for another device"), answer, how);
  } catch (error) {
    toast(failure(error));
  }
}

function code(title, answer, how) {
  const card = new Card(title);
  card.add(el("p", { class: "code", text: answer.code }));
  card.words(answer.about);
  card.words(how, "");
  const link = pageLink(answer.code);
  const shown = card.field(_("Link"), link, { readonly: "" });
  shown.addEventListener("focus", () => shown.select());
  const copy = card.act(_("Copy the link"), () => copyWords(link), "primary");
  card.act(_("Copy the code"), () => copyWords(answer.code));
  card.act(_("Close"), () => card.done());
  card.present(copy);
}

// --- addresses for programs ---------------------------------------------------------------------------

async function api(path, body = null) {
  const headers = { "Content-Type": "application/json" };
  const how = body ? { method: "POST", headers, body: JSON.stringify(body) } : {};
  let answer;
  let told = {};
  try {
    answer = await fetch(path, how);
    told = await answer.json();
  } catch (_error) {
    throw new Refusal(noLink());
  }
  if (!answer.ok) throw new Refusal(told.error?.text || noLink());
  return told;
}

/** What a program posts to such an address is said in its room. */
export function programs() {
  const card = new Card(_("Addresses for programs"), { wide: true });
  card.words(_("Whatever a program sends to such an address by HTTP POST is said in its room."));
  const name = card.field(_("Name of the program"), "", { maxlength: "32", placeholder: _("such as probe-bot") });
  const rooms = board.rooms.filter((one) => one.kind !== "direct").map((one) => [one.name, `#${one.label}`]);
  const room = card.choice(_("Room"), rooms, board.room?.name || "");
  const made = card.add(el("div", { class: "made", hidden: true }));
  const rows = new Rows(card, _("Addresses for programs"));
  const load = async () => {
    try {
      const told = await api("/api/hooks");
      rows.show(told.hooks, (one) => [
        ...rowWords(icon("server"), one.name, `#${one.room} · ${one.by || ""} · ${moment(one.ts)}`),
        el("span", { class: "row-doings" }, rowButton(_("Revoke"), () => revoke(one), one.name, true)),
      ], _("No address was made yet."));
    } catch (error) {
      rows.say(failure(error));
    }
  };
  const revoke = async (one) => {
    try {
      await api("/api/hooks/revoke", { id: one.id });
      await load();
    } catch (error) {
      rows.say(failure(error));
    }
  };
  const make = async () => {
    if (!name.value.trim()) throw new Refusal(_("Type a name."), name);
    const told = await api("/api/hooks", { name: name.value.trim(), room: room.value });
    const address = new URL(told.url, location.origin).href;
    const shown = el("input", { type: "text", readonly: "", value: address, "aria-label": _("Its address") });
    const words = _("The address of {name}. It is shown this once: whoever has it can write in {room}.");
    const copy = el("button", { type: "button", class: "plain-button", text: _("Copy the address") });
    copy.addEventListener("click", () => copyWords(address));
    const values = { name: name.value.trim(), room: `#${room.value}` };
    made.replaceChildren(el("p", { text: put(words, values) }), shown, copy);
    made.hidden = false;
    name.value = "";
    shown.focus();
    shown.select();
    await load();
  };
  card.answer(_("Make an address"), make);
  card.foot.lastChild.textContent = _("Close");
  card.present(name);
  load();
}
