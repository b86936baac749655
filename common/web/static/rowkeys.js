// Owns what one does with a row: which one the keys are about, clicks, taps and long presses, and
// what is read aloud when others say something. Must not know what is in the menus.
//
// Theory. Only one row can be reached with Tab, and in it its name, links and buttons; the arrows go
// from row to row. So the way from the rooms to the composer is one step, whatever the conversation
// holds.

import { announce, byId } from "./dom.js";
import { elementOf, reveal, toNewest } from "./lines.js";
import { held } from "./press.js";
import { mainOf, source } from "./rows.js";
import { entryOf, timeline } from "./timeline.js";
import { _, n_ } from "./words.js";

const TOGETHER = 400;
const ALOUD = 3;

const list = byId("lines");
let active = "";
let hooks = {};

/** `act(name, entry, element)`: again, edit, delete, author; `menu(entry, place, element)`. */
export function setUpRows(given) {
  hooks = given;
  list.addEventListener("keydown", key);
  list.addEventListener("click", clicked);
  list.addEventListener("focusin", (event) => activate(rowOf(event.target)));
  held(list, (place, target) => openMenu(rowOf(target), place), leaveAlone);
}

/** Rows were drawn: one of them must be reachable. */
export function rowsDrawn() {
  const wanted = elementOf(active) || list.lastElementChild;
  if (wanted && wanted.tabIndex !== 0) activate(wanted);
}

const rowOf = (node) => node.closest?.("li.row");

function activate(element) {
  if (!element || element.tabIndex === 0) return;
  for (const one of list.querySelectorAll(".row[tabindex='0']")) reach(one, -1);
  active = element.dataset.k;
  reach(element, 0);
}

function reach(element, index) {
  element.tabIndex = index;
  for (const one of mainOf(element).querySelectorAll("button, a, summary")) one.tabIndex = index;
}

// --- keys ---------------------------------------------------------------------------------------

function key(event) {
  const element = rowOf(event.target);
  if (!element || event.ctrlKey || event.metaKey || event.altKey) return;
  const onRow = event.target === element;
  if (event.key === "ArrowUp" && onRow) step(element.previousElementSibling, event);
  else if (event.key === "ArrowDown" && onRow) step(element.nextElementSibling, event);
  else if (event.key === "Home" && onRow) step(list.firstElementChild, event);
  else if (event.key === "End" && onRow) {
    event.preventDefault();
    toNewest();
    step(list.lastElementChild, event);
  } else if ((event.key === "Enter" || event.key === " ") && onRow) {
    event.preventDefault();
    openMenu(element);
  }
}

function step(element, event) {
  event.preventDefault();
  if (!element) return;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

function openMenu(element, place = null) {
  const entry = element && entryOf(element.dataset.k);
  if (entry) hooks.menu(entry, place, element);
}

// --- pointing -------------------------------------------------------------------------------------

function clicked(event) {
  const element = rowOf(event.target);
  const doing = event.target.closest("[data-do]")?.dataset.do;
  if (!element) return;
  activate(element);
  const entry = entryOf(element.dataset.k);
  if (!doing || !entry) return;
  if (doing === "menu") openMenu(element);
  else if (doing === "quoted") goToQuoted(entry);
  else hooks.act(doing, entry, event.target.closest("[data-do]"));
}

/** On a link or a selection the browser's own menu is of more use; ours is one step away. */
function leaveAlone(event) {
  if (!rowOf(event.target) || event.shiftKey || event.target.closest("a, summary")) return true;
  return event.type === "contextmenu" && !getSelection().isCollapsed;
}

// --- quotes ---------------------------------------------------------------------------------------

/** The message that another one quotes, as far as it is held: the newest that says these words. */
export function quotedBy(entry) {
  const line = entry.lines?.find(([block]) => block === "quote");
  if (!line) return null;
  const words = source([["text", line[1]]], false);
  const cut = words.match(/^(.{1,64}?)\s?: (.+)$/s);
  if (!cut) return null;
  const wanted = cut[2].replace(/…$/, "").trim();
  const before = timeline.entries.filter((one) => one.kind === "said" && one.seq < (entry.seq || Infinity));
  const spoken = (one) => source(one.lines, false).split(/\s+/).join(" ");
  return before.findLast((one) => one.nick === cut[1].trim() && spoken(one).includes(wanted)) || null;
}

export function goToQuoted(entry) {
  const found = quotedBy(entry);
  if (found) reveal(found.seq);
}

// --- read aloud -----------------------------------------------------------------------------------

let waiting = [];

/** Others said this in the open room: it is read aloud, or counted where it is much at once. */
export function sayAloud(entries) {
  if (document.hidden) return;
  if (!waiting.length) setTimeout(flush, TOGETHER);
  waiting.push(...entries);
}

function flush() {
  const said = waiting;
  waiting = [];
  if (said.length > ALOUD) {
    announce(n_("{n} new message", "{n} new messages", said.length));
    return;
  }
  for (const one of said) {
    const words = one.me ? `${one.nick} ${source(one.lines, false)}` : `${one.nick}: ${source(one.lines, false)}`;
    announce(one.mention ? `${_("Mentions you.")} ${words}` : words);
  }
}
