// Owns the pane of rooms: the server, rooms, conversations between two, oneself. Must not know what a
// room holds nor what the menus offer.

import { board, watch } from "./board.js";
import { byId, el, face, fill, icon, keyed, tool } from "./dom.js";
import { link, on, send } from "./link.js";
import { dialog, ownMenu, roomMenu, serverMenu } from "./menus.js";
import { closePanes } from "./panes.js";
import { held } from "./press.js";
import { draft } from "./store.js";
import { _, n_, onLanguage, put } from "./words.js";

const lists = {};

export function setUpRooms() {
  byId("server-menu").addEventListener("click", () => serverMenu(byId("server-menu")));
  byId("own-menu").addEventListener("click", () => ownMenu(byId("own-menu")));
  watch(["rooms"], drawRooms);
  watch(["hello", "link", "me"], drawHead);
  on("link", drawHead);
  onLanguage(draw);
  draw();
}

function draw() {
  fill(
    byId("rooms-list"),
    ...section("rooms", _("Rooms"), _("Join a room, or make one"), () => dialog("rooms", "newRoom")),
    ...section("directs", _("Direct messages"), _("Write to one person alone"), () => dialog("rooms", "newDirect")),
  );
  drawHead();
  drawRooms();
}

function section(name, words, add, press) {
  lists[name] = el("ul", { class: "rows", "aria-labelledby": `${name}-title` });
  const title = el("h3", { class: "caption strong", id: `${name}-title`, text: words });
  return [el("div", { class: "section-head" }, title, tool("plus", add, press)), lists[name]];
}

// --- head and foot -------------------------------------------------------------------------------------

function drawHead() {
  if (!board.hello) return;
  byId("server-name").textContent = board.hello.server || "Causette";
  const [words, tone] = status();
  const line = byId("server-status");
  line.className = `status ${tone}`;
  line.lastElementChild.textContent = words;
  byId("own-nick").textContent = board.me.nick;
  const roles = { owner: _("owner"), admin: _("administrator") };
  byId("own-role").textContent = [_("you"), roles[board.me.role]].filter(Boolean).join(" · ");
  fill(byId("own-face"), face(board.me.nick, board.hello.colour));
}

/** Of the whole way, browser to gateway to broker: it is encrypted where both parts are. */
function status() {
  if (link.state !== "open") return [_("link down"), "warning hollow"];
  if (board.link && board.link.state !== "back") {
    return [board.link.state === "down" ? _("link down") : _("connecting…"), "warning hollow"];
  }
  const secret = board.hello.encrypted && isSecureContext;
  return [`${_("connected")} · ${secret ? _("encrypted") : _("not encrypted")}`, secret ? "success" : "warning"];
}

// --- the rooms -----------------------------------------------------------------------------------------

/** Something is typed and not sent in a room, or not any more. */
export function drawRooms() {
  const rows = board.rooms.map((one) => ({ ...one, key: one.name, typed: !one.current && Boolean(draft(one.name)) }));
  keyed(lists.rooms, rows.filter((one) => one.kind !== "direct"), roomRow);
  keyed(lists.directs, rows.filter((one) => one.kind === "direct"), roomRow);
}

function roomRow(room) {
  const open = el(
    "button",
    {
      type: "button",
      class: room.unread ? "place bold" : "place",
      "aria-current": room.current ? "true" : null,
      on: { click: () => openRoom(room.name) },
    },
    room.kind === "direct" ? face(room.label, room.colour, room.bot) : icon(room.kind === "private" ? "lock" : "hash"),
    el("bdi", { class: "cut", text: room.label }),
    hints(room),
    badge(room),
  );
  const name = put(_("More about {room}"), { room: room.label });
  const more = tool("more", name, () => roomMenu(room.name, more), "row-more");
  more.setAttribute("aria-haspopup", "menu");
  const row = el("li", { class: room.silent && !room.current ? "place-row dim" : "place-row" }, open, more);
  held(row, (place) => roomMenu(room.name, open, place));
  return row;
}

/** What a bold name and a small picture say, in words. */
function hints(room) {
  const words = [];
  if (room.kind === "private") words.push(_("private: only its members see it"));
  if (room.silent) words.push(_("silent: nothing new is counted"));
  if (room.typed) words.push(_("something is typed here and not sent"));
  if (room.kind === "direct" && room.here === true) words.push(_("here"));
  const sign = room.typed ? "edit" : room.silent ? "bell-off" : "";
  const made = el("span", { class: "hints", title: words.join(" · ") || null }, sign ? icon(sign, "small") : null);
  if (words.length) made.append(el("span", { class: "unseen", text: `, ${words.join(", ")}` }));
  return made;
}

function badge(room) {
  if (!room.badge) return null;
  const concerns = room.mentions > 0 && room.kind !== "direct";
  const words = [n_("{n} unread", "{n} unread", room.unread)];
  if (concerns) words.push(n_("{n} mention", "{n} mentions", room.mentions));
  return el("span", { class: concerns ? "badge you" : "badge" },
    el("span", { "aria-hidden": "true", text: room.badge }),
    el("span", { class: "unseen", text: `, ${words.join(", ")}` }));
}

export function openRoom(name) {
  closePanes();
  const row = board.rooms.find((one) => one.name === name);
  if (row && !row.current) send({ t: "open", room: name });
}

/** The room `by` rows further, round and round; `unread`: of those with something new. */
export function stepRoom(by, unread) {
  const order = [...board.rooms].sort((a, b) => (a.kind === "direct") - (b.kind === "direct"));
  const rows = order.filter((one) => !unread || one.unread || one.current);
  if (!rows.length) return;
  const at = rows.findIndex((one) => one.current);
  openRoom(rows[(at + by + rows.length) % rows.length].name);
}
