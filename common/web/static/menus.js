// Owns what is offered where: of a room, a person, a message, the server, oneself, the composer.
// Must not know how a menu looks nor how a dialog does its work. What never applies to somebody is
// left out. The dialogs are loaded when the first one is needed.

import { administers, board, everybody, roomRow } from "./board.js";
import { copy, toast } from "./dom.js";
import { ask, send } from "./link.js";
import { showMenu } from "./menu.js";
import { goToQuoted, quotedBy } from "./rowkeys.js";
import { quoted, source } from "./rows.js";
import { _, put } from "./words.js";

const MODULES = {
  deeds: () => import("./deeds.js"),
  rooms: () => import("./roomcards.js"),
  server: () => import("./servercards.js"),
  own: () => import("./owncards.js"),
};

let hooks = { compose: () => {}, search: () => {}, insert: () => {} };

/** `compose(text)`, `insert(text)` into the composer; `search()` opens the search. */
export function setUpMenus(given) {
  hooks = { ...hooks, ...given };
}

/** Open a dialog: the function of that name in one of the modules of dialogs. */
export async function dialog(module, name, ...given) {
  let cards;
  try {
    cards = await MODULES[module]();
  } catch (_error) {
    toast(noLink());
    return;
  }
  // One question at a time, however often its button was pressed while it was loaded.
  if (!document.querySelector("dialog[open]")) cards[name](...given);
}

/** The dialogs are here before the link may be gone. */
export function loadDialogs() {
  for (const load of Object.values(MODULES)) load().catch(() => {});
}

export const noLink = () => _("No link. Try again when it is back.");

/** Have something done that no dialog asks about; what came of it is told for a moment. */
export async function perform(call) {
  try {
    const answer = await ask({ t: "do", ...call });
    if (answer.text) toast(answer.text);
    return answer.ok;
  } catch (_error) {
    toast(noLink());
    return false;
  }
}

export async function copyWords(words) {
  toast((await copy(words)) ? _("Copied.") : _("This browser does not let the page copy."));
}

/** The address to give to others; with a code it lets them in. */
export function pageLink(code = "") {
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const given = (here && board.hello?.link) || `${location.origin}/`;
  if (!code) return given;
  return given.startsWith("http") ? `${given}#invite=${code}` : `${location.origin}/#invite=${code}`;
}

const apple = /Mac|iPhone|iPad/.test(navigator.platform || "");

/** A key with the modifier of this system. */
export function keys(words) {
  return apple ? words.replace("Ctrl", "⌘") : words;
}

// --- rooms --------------------------------------------------------------------------------------

export function roomMenu(name, from, place = null) {
  const room = roomRow(name);
  if (!room) return;
  const current = room.current;
  const direct = room.kind === "direct";
  showMenu(`${direct ? "@" : "#"}${room.label}`, [
    !current && { words: _("Open"), icon: "forward", run: () => send({ t: "open", room: name }) },
    {
      words: room.silent ? _("Count new messages again") : _("Stop counting new messages"),
      icon: room.silent ? "bell" : "bell-off",
      run: () => perform({ name: "silence", room: name }),
    },
    current && { words: _("Search…"), icon: "search", keys: keys("Ctrl+F"), run: hooks.search },
    current && saving(),
    null,
    !direct && {
      words: room.kind === "private" ? _("Members…") : _("Moderators…"),
      icon: "people",
      run: () => dialog("rooms", "members", name),
    },
    !direct && room.decides && { words: _("Rules…"), icon: "settings", run: () => dialog("rooms", "rules", name) },
    !direct && room.decides && {
      words: _("Who is muted or removed…"),
      icon: "ban",
      run: () => dialog("server", "served", "sanctions", name),
    },
    null,
    {
      words: direct ? _("Close the conversation") : _("Leave the room"),
      icon: "leave",
      danger: room.kind === "private",
      run: () => leave(room),
    },
  ], from, place);
}

function saving() {
  return { words: _("Save the conversation…"), icon: "save", keys: keys("Ctrl+S"), run: () => dialog("rooms", "save") };
}

function leave(room) {
  if (room.kind === "private") dialog("deeds", "leavePrivate", room);
  else perform({ name: "leave", room: room.name });
}

// --- people --------------------------------------------------------------------------------------

export function personMenu(person, from, place = null) {
  const { nick, user } = person;
  if (user === board.me.user) {
    showMenu(nick, [
      { words: _("Change your nickname…"), icon: "edit", run: () => dialog("deeds", "newNickname") },
      { words: _("My devices…"), icon: "device", run: () => dialog("server", "served", "devices") },
    ], from, place);
    return;
  }
  const room = board.room;
  showMenu(nick, [
    { words: put(_("Write to {nick} alone"), { nick }), icon: "person", run: () => perform({ name: "msg", nick, user }) },
    { words: _("Mention"), icon: "reply", run: () => hooks.insert(`@${nick} `) },
    board.people.ignored.includes(user)
      ? { words: _("Show what they say again"), icon: "bell", run: () => perform({ name: "unignore", nick, user }) }
      : { words: _("Ignore: see nothing of theirs"), icon: "bell-off", run: () => perform({ name: "ignore", nick, user }) },
    ...(room && room.kind !== "direct" && room.moderates ? moderation(person, room) : []),
    ...(administers() ? administration(person) : []),
  ], from, place);
}

function moderation({ nick, user }, room) {
  const at = { nick, user, room: room.name };
  const closed = room.kind === "private";
  return [
    null,
    { words: _("Mute…"), icon: "ban", run: () => dialog("deeds", "decide", "mute", at) },
    { words: _("Let write again"), run: () => perform({ name: "unmute", ...at }) },
    closed
      ? { words: _("Remove from the room…"), icon: "leave", run: () => dialog("deeds", "decide", "remove", at) }
      : { words: _("Remove from the room…"), icon: "leave", run: () => dialog("deeds", "decide", "kick", at) },
    { words: _("Make moderator here"), icon: "shield", run: () => perform({ name: "role", choice: "moderator", ...at }) },
    { words: _("No longer moderator here"), run: () => perform({ name: "role", choice: "member", ...at }) },
  ];
}

function administration({ nick, user }) {
  const who = { nick, user };
  const owner = board.me.role === "owner";
  return [
    null,
    owner && { words: _("Make administrator"), icon: "crown", run: () => perform({ name: "role", choice: "admin", ...who }) },
    owner && { words: _("No longer administrator"), run: () => perform({ name: "role", choice: "member", ...who }) },
    { words: _("Close their connections…"), run: () => dialog("deeds", "decide", "disconnect", who) },
    { words: _("Take the nickname…"), run: () => dialog("deeds", "decide", "free", who) },
    { words: _("Ban from the server…"), icon: "ban", danger: true, run: () => dialog("deeds", "decide", "ban", who) },
  ];
}

// --- messages --------------------------------------------------------------------------------------

export function messageMenu(entry, place, element) {
  const link = entry.lines?.flatMap(([, spans]) => spans).find(([style]) => style === "link")?.[1];
  const spoken = entry.kind === "said" || entry.kind === "mine";
  const words = spoken ? source(entry.lines) : "";
  const selected = String(getSelection()).trim();
  const inside = selected && element.contains(getSelection().anchorNode) ? selected : "";
  const label = entry.kind === "said" ? entry.nick : _("Message");
  showMenu(label, [
    link && { words: _("Copy the link"), icon: "link", run: () => copyWords(link) },
    inside && { words: _("Copy what is selected"), icon: "copy", run: () => copyWords(inside) },
    spoken && !entry.deleted && { words: _("Copy the message"), icon: "copy", run: () => copyWords(words) },
    entry.kind === "said" && !entry.deleted && {
      words: _("Quote"),
      icon: "reply",
      run: () => hooks.compose(quoted(entry.nick, inside ? [["text", [["text", inside]]]] : entry.lines)),
    },
    Boolean(quotedBy(entry)) && { words: _("Go to what is quoted"), icon: "up", run: () => goToQuoted(entry) },
    entry.kind === "said" && { words: _("Copy its number"), run: () => copyWords(String(entry.seq)) },
    !spoken && { words: _("Copy"), icon: "copy", run: () => copyWords(element.innerText.trim()) },
    ...(entry.kind === "said" ? author(entry, element) : []),
    ...(entry.kind === "mine" && entry.state === "refused" ? refused(entry) : []),
    null,
    deletable(entry) && {
      words: _("Delete…"),
      icon: "trash",
      danger: true,
      run: () => dialog("deeds", "decide", "delete", { room: board.room.name, seq: entry.seq }),
    },
  ], element, place);
}

function author(entry, element) {
  if (entry.own) return [];
  const person = everybody().find((one) => one.user === entry.user) || entry;
  const words = put(_("About {nick}…"), { nick: entry.nick });
  return [null, { words, icon: "person", run: () => personMenu(person, element) }];
}

function refused(entry) {
  return [
    null,
    entry.again && { words: _("Send again"), icon: "reload", run: () => rowDeed("again", entry) },
    { words: _("Edit"), icon: "edit", run: () => rowDeed("edit", entry) },
    { words: _("Delete"), icon: "trash", danger: true, run: () => rowDeed("delete", entry) },
  ];
}

function deletable(entry) {
  return entry.kind === "said" && !entry.deleted && board.room && (entry.own || board.room.moderates);
}

const ROW_DEEDS = { again: "resend", edit: "edit", delete: "give_up" };

/** What the links under a refused message do. */
export function rowDeed(name, entry) {
  if (!send({ t: ROW_DEEDS[name], k: entry.k })) toast(noLink());
}

// --- the server, oneself, the composer -------------------------------------------------------------

export function serverMenu(from) {
  const served = (what) => () => dialog("server", "served", what);
  showMenu(board.hello?.server || _("Server"), [
    { words: _("Copy the link to this page"), icon: "link", run: () => copyWords(pageLink()) },
    ...(administers()
      ? [
          { words: _("Invite somebody…"), icon: "person-plus", run: () => dialog("server", "newInvitation") },
          { words: _("Invitations…"), icon: "key", run: served("invitations") },
          { words: _("Who waits to be let in…"), icon: "clock", run: served("waiting") },
          null,
          { words: _("Muted, removed, banned…"), icon: "ban", run: served("sanctions") },
          { words: _("Owners, administrators…"), icon: "crown", run: served("roles") },
          { words: _("Addresses for programs…"), icon: "server", run: () => dialog("server", "programs") },
          { words: _("What was decided…"), icon: "info", run: served("audit") },
        ]
      : []),
    null,
    { words: _("My devices…"), icon: "device", run: served("devices") },
    { words: _("Add a device…"), run: () => dialog("server", "newDevice") },
  ], from);
}

export function ownMenu(from) {
  showMenu(board.me.nick, [
    { words: _("Change your nickname…"), icon: "edit", run: () => dialog("deeds", "newNickname") },
    { words: _("Settings…"), icon: "settings", run: () => dialog("own", "preferences") },
    { words: _("Keyboard shortcuts…"), icon: "help", keys: keys("Ctrl+/"), run: () => dialog("own", "shortcuts") },
    null,
    { words: _("Disconnect"), icon: "leave", run: () => hooks.leave(false) },
    {
      words: _("Forget me in this browser…"),
      icon: "trash",
      danger: true,
      run: () => dialog("own", "forget", hooks.leave),
    },
  ], from);
}

export function addMenu(from, newLine) {
  showMenu(_("Add"), [
    newLine && { words: _("New line"), icon: "down", run: () => hooks.insert("\n") },
    { words: _("Quote"), icon: "reply", run: () => hooks.insert("> ") },
    { words: _("Code"), run: () => hooks.insert("```\n") },
    { words: _("Commands…"), icon: "help", run: () => hooks.compose("/") },
    null,
    { words: _("Go to a room…"), icon: "forward", keys: keys("Ctrl+K"), run: () => dialog("rooms", "goTo") },
    { words: _("Join a room, or make one…"), icon: "hash", run: () => dialog("rooms", "newRoom") },
    { words: _("Write to one person alone…"), icon: "person", run: () => dialog("rooms", "newDirect") },
  ], from);
}
