// Owns the rows of the conversation that are in the document, and where somebody reads: rows keyed
// by entry, a window of some hundreds of them, the reading position, the pill. Must not know what a
// row looks like (rows.js) nor what is done with one (rowkeys.js).
//
// Theory. Before any change the first row in sight is noted, after it the log is scrolled so that
// this row stands where it stood; whoever is at the end stays at the end. So nothing ever moves
// under somebody's eyes, whichever rows come and go above or below.

import { board } from "./board.js";
import { byId, fill, icon, linkButton } from "./dom.js";
import { frame, sign } from "./frames.js";
import { link, on, send } from "./link.js";
import { mainOf, row } from "./rows.js";
import { latest, oldest, refreshLocals, takeLines, timeline, tookOver } from "./timeline.js";
import { _, n_, onLanguage } from "./words.js";

const WINDOW = 600;
const FIRST = 120;
const STEP = 100;
// Pixels from the edge of what is drawn at which more is drawn or asked for; pixels from the end
// within which somebody counts as being there.
const NEAR = 800;
const END = 32;

const log = byId("log");
const list = byId("lines");
const pill = byId("pill");

/** Key to {entry, sign, element} of the rows in the document, which are entries `from` to `to`. */
const rows = new Map();
let from = 0;
let to = 0;
let atEnd = true;
let following = true;
let unseen = 0;
/** The number before, and the one after which lines were asked for and have not come. */
let asked = 0;
let askedAfter = 0;
let hooks = { drawn: () => {}, said: () => {}, empty: () => [] };

/**
 * `drawn()`: rows changed. `said(entries)`: others said this just now. `empty()`: the nodes that
 * stand where nothing does.
 */
export function setUpLines(given) {
  hooks = { ...hooks, ...given };
  on("lines", take);
  on("entered", () => local(true));
  for (const type of ["done", "settled", "wrong"]) {
    on(type, (message) => {
      tookOver(message.key);
      local(false);
    });
  }
  on("hello", () => {
    asked = 0;
    askedAfter = 0;
    if (!following) send({ t: "reading", on: true });
  });
  on("link", () => local(false));
  log.addEventListener("scroll", () => requestAnimationFrame(scrolled), { passive: true });
  pill.addEventListener("click", toNewest);
  onLanguage(() => {
    for (const one of rows.values()) one.sign = "";
    local(false);
  });
  // A keyboard that comes up, a longer composer, another width: the end stays in sight.
  const sizes = new ResizeObserver(() => following && toEnd());
  sizes.observe(log);
  sizes.observe(list);
}

function take(message) {
  // The answer to something that was asked in another room.
  if (!message.reset && message.room !== timeline.room) return;
  const place = anchor();
  const { moved, fresh } = takeLines(message, !following);
  if (moved) {
    following = timeline.tail && !message.at;
    forgetRows();
  }
  if (following) unseen = 0;
  else unseen = message.unseen ?? unseen + fresh.length;
  // What was asked for came, or the gateway begins anew: more may be asked for.
  if (message.reset || oldest() !== asked) asked = 0;
  if (message.reset || latest() !== askedAfter) askedAfter = 0;
  refreshLocals(waitingWords());
  draw(place);
  if (message.at) reveal(message.at);
  if (fresh.length) hooks.said(fresh);
  scrolled();
}

/** Something is only in this browser yet, or not any more. `mine`: it was said just now. */
function local(mine) {
  const place = anchor();
  refreshLocals(waitingWords());
  draw(place);
  if (mine) toNewest();
}

function waitingWords() {
  const up = link.state === "open" && board.hello && !board.link;
  return up ? _("queued") : _("queued: leaves when the link is back");
}

/** The room was left, and no other one is open. */
export function forgetRows() {
  rows.clear();
  list.replaceChildren();
  from = 0;
  to = 0;
}

// --- which rows ---------------------------------------------------------------------------------

/** The entries changed. `place` is where the person reads, null for the end. */
export function draw(place = anchor()) {
  const entries = timeline.entries;
  const drawn = [...list.children].map((one) => one.dataset.k);
  if (following || !drawn.length) {
    to = entries.length;
    from = Math.max(0, to - Math.min(Math.max(drawn.length, FIRST), WINDOW / 2));
  } else {
    const places = new Map(entries.map((one, at) => [one.k, at]));
    const known = drawn.filter((key) => places.has(key));
    from = known.length ? places.get(known[0]) : 0;
    to = known.length && !atEnd ? places.get(known[known.length - 1]) + 1 : entries.length;
    to = Math.min(to, from + WINDOW);
  }
  render(place);
  dress();
}

/** Draw further up or down. */
function widen(up) {
  const place = anchor();
  if (up) {
    from = Math.max(0, from - STEP);
    to = Math.min(to, from + WINDOW);
  } else {
    to = Math.min(timeline.entries.length, to + STEP);
    from = Math.max(from, to - WINDOW);
  }
  render(place);
}

/** Bring the document in step with the chosen part of the entries. */
function render(place) {
  const wanted = timeline.entries.slice(from, to);
  const keys = new Set(wanted.map((one) => one.k));
  for (const [key, one] of rows) {
    if (keys.has(key)) continue;
    one.element.remove();
    rows.delete(key);
  }
  const me = { nick: board.me.nick, colour: board.hello?.colour || 0 };
  let next = list.firstElementChild;
  wanted.forEach((entry, index) => {
    const shown = frame(timeline.entries, from + index, timeline.since);
    const before = rows.get(entry.k)?.element;
    const element = current(entry, shown, me);
    if (before && before === next) next = element;
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  });
  atEnd = to === timeline.entries.length;
  hooks.drawn();
  if (following) toEnd();
  else if (place) restore(place);
}

/** The element of an entry, in its place made anew where it changed. */
function current(entry, shown, me) {
  const known = rows.get(entry.k);
  const now = sign(shown);
  if (known?.entry === entry && known.sign === now) return known.element;
  const element = row(entry, shown, me);
  rows.set(entry.k, { entry, sign: now, element });
  if (known) {
    const focused = known.element.contains(document.activeElement);
    known.element.replaceWith(element);
    if (focused) element.focus({ preventScroll: true });
  }
  return element;
}

/** The element of an entry that is in the document. */
export function elementOf(key) {
  return rows.get(key)?.element;
}

// --- where somebody reads -------------------------------------------------------------------------

/** The first row in sight and where it stands; null at the end, which is a place of its own. */
function anchor() {
  if (following) return null;
  const top = log.getBoundingClientRect().top;
  for (const element of list.children) {
    const box = mainOf(element).getBoundingClientRect();
    if (box.bottom > top) return { key: element.dataset.k, above: box.top - top };
  }
  return null;
}

function restore(place) {
  const element = rows.get(place.key)?.element;
  if (!element) return;
  const now = mainOf(element).getBoundingClientRect().top - log.getBoundingClientRect().top;
  if (Math.abs(now - place.above) > 0.5) log.scrollTop += now - place.above;
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function scrolled() {
  if (log.clientHeight === 0 || !timeline.known) return;
  const below = log.scrollHeight - log.scrollTop - log.clientHeight;
  follow(below <= END && atEnd && timeline.tail);
  if (log.scrollTop < NEAR && from > 0) widen(true);
  else if (below < NEAR && !atEnd) widen(false);
  else {
    if (log.scrollTop < NEAR && !timeline.cleared) askOlder();
    if (below < NEAR && !timeline.tail) askNewer();
  }
  dress();
}

function follow(now) {
  if (now === following) return;
  following = now;
  if (now) unseen = 0;
  send({ t: "reading", on: !now });
}

function askOlder() {
  const first = oldest();
  if (timeline.complete || timeline.loading || (asked && asked === first)) return;
  if (!first && !timeline.known) return;
  if (send({ t: "older", before: first })) asked = first;
}

/** Around a message that was searched for, the newer ones are not all here. */
function askNewer() {
  const last = latest();
  if (askedAfter === last || !last) return;
  if (send({ t: "newer", after: last })) askedAfter = last;
}

/** Go to the oldest line that is here, and ask for those before it. */
export function toOldest() {
  timeline.cleared = false;
  follow(false);
  log.scrollTop = 0;
  scrolled();
}

/** Go to the newest message and follow what comes. */
export function toNewest() {
  if (!timeline.tail) {
    send({ t: "newest" });
    return;
  }
  follow(true);
  draw(null);
  toEnd();
  dress();
}

/** Whether the newest message is in sight. */
export function isFollowing() {
  return following;
}

/** Have the message of that number in the middle; false where it is not held. */
export function reveal(seq) {
  const at = timeline.entries.findIndex((one) => one.seq === seq);
  if (at < 0) return false;
  follow(false);
  if (at < from || at >= to) {
    from = Math.max(0, at - STEP / 2);
    to = Math.min(timeline.entries.length, at + STEP / 2);
    render(null);
  }
  const element = rows.get(timeline.entries[at].k).element;
  mainOf(element).scrollIntoView({ block: "center" });
  element.classList.remove("found");
  // Restarting an animation takes a layout in between.
  void element.offsetWidth;
  element.classList.add("found");
  element.focus({ preventScroll: true });
  dress();
  return true;
}

/** Scroll by that many screens. */
export function page(by) {
  log.scrollTop += by * (log.clientHeight - 48);
}

// --- around the rows ------------------------------------------------------------------------------

/** What stands above the first row and in the place of none, and the pill. */
function dress() {
  const top = byId("log-top");
  let words = "";
  if (from === 0 && timeline.known) {
    if (timeline.cleared) words = _("Show older messages");
    else if (timeline.complete && timeline.entries.length) words = _("This is the beginning of the room.");
    else if (timeline.loading || asked) words = _("One moment…");
  }
  if (top.textContent !== words) fill(top, timeline.cleared ? linkButton(words, toOldest) : words);
  const empty = byId("log-empty");
  const nothing = timeline.entries.length ? [] : hooks.empty();
  empty.hidden = nothing.length === 0;
  fill(empty, ...nothing);
  dressPill();
}

function dressPill() {
  const far = log.scrollHeight - log.scrollTop - log.clientHeight > log.clientHeight;
  const shown = !following && (unseen > 0 || far || !timeline.tail);
  pill.hidden = !shown;
  if (!shown) return;
  const words = unseen ? n_("{n} new message", "{n} new messages", unseen) : _("To the newest message");
  if (pill.dataset.words === words && pill.firstChild) return;
  pill.dataset.words = words;
  pill.classList.toggle("quiet", !unseen);
  fill(pill, icon("down"), words);
}
