// Owns the line that is typed: its draft for each room, its height, what was sent before, and what is
// wrong with it. Must not know what is offered for a word (offers.js) nor what a line means.

import { board, watch } from "./board.js";
import { byId, byTouch, el } from "./dom.js";
import { enter, on, send } from "./link.js";
import { isFollowing, page } from "./lines.js";
import { setUpOffers } from "./offers.js";
import { draft, keepDraft } from "./store.js";
import { lastRefused } from "./timeline.js";
import { _, n_, number, onLanguage, put } from "./words.js";

const LINES = 6;
const REMEMBERED = 100;
const KEPT = "causette.sent";
/** The part of a message's limit from which on it is told how much is left. */
const CLOSE = 0.9;
const SAVE_AFTER = 300;

const area = byId("words");
const form = byId("composer");

let offers = null;
let history = [];
let at = -1;
let typed = "";
let room = "";
let saving = 0;
let wrong = "";
let writing = false;
let breaks = false;
let changed = () => {};

/** `onDraft()`: a room's draft came or went. `add(button)`: the menu of what can be added. */
export function setUpComposer({ onDraft, add }) {
  changed = onDraft;
  history = remembered();
  offers = setUpOffers(area, insertCandidate);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  area.addEventListener("keydown", key);
  area.addEventListener("beforeinput", breaking);
  area.addEventListener("input", edited);
  // Taking an emoji or a quick button must not let a phone's keyboard go down and up again.
  byId("send").addEventListener("pointerdown", (event) => byTouch() && event.preventDefault());
  byId("send").addEventListener("click", (event) => {
    event.preventDefault();
    submit();
  });
  byId("add").addEventListener("click", () => add(byId("add")));
  on("wrong", takeBack);
  on("compose", ({ text }) => compose(text));
  watch(["room"], entered);
  onLanguage(dress);
  addEventListener("pagehide", save);
  new ResizeObserver(grow).observe(form);
}

// --- which room ------------------------------------------------------------------------------------

function entered() {
  const name = board.room?.name || "";
  if (name !== room) {
    save();
    room = name;
    set(draft(room));
    at = -1;
    wrong = "";
  }
  dress();
}

function dress() {
  const title = board.room?.title || "";
  area.placeholder = title ? put(_("Write in {room}"), { room: title }) : _("Commands such as /join");
  area.setAttribute("aria-label", area.placeholder);
  under();
}

function save() {
  clearTimeout(saving);
  saving = 0;
  if (!room) return;
  const before = Boolean(draft(room));
  keepDraft(room, area.value);
  if (before !== Boolean(area.value)) changed();
}

// --- what is in it ---------------------------------------------------------------------------------

function set(text) {
  area.value = text;
  area.setSelectionRange(text.length, text.length);
  grow();
  under();
}

/** Put text where one types, for changing; what stands there already is not lost. */
export function compose(text) {
  const onItsOwn = text.startsWith(">") && !area.value.endsWith("\n");
  if (area.value.trim() && area.value !== text) insert(onItsOwn ? `\n${text}` : text);
  else set(text);
  edited();
  area.focus();
}

/** Put words at the caret in place of what is selected, so that Undo takes them back. */
export function insert(words) {
  area.focus();
  // Deprecated, and still the one way that the browsers' own Undo knows.
  const done = document.execCommand?.("insertText", false, words);
  if (!done) {
    area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
    edited();
  }
}

function insertCandidate(candidate) {
  const end = area.selectionStart;
  // The gateway counts characters, the browser units of two bytes.
  const before = [...area.value.slice(0, end)];
  const start = before.slice(0, before.length - candidate.replaced).join("").length;
  area.setSelectionRange(start, end);
  insert(candidate.insert);
}

function edited() {
  grow();
  if (writing) return;
  wrong = "";
  at = -1;
  under();
  offers.look(false);
  if (!saving) saving = setTimeout(save, SAVE_AFTER);
}

/** As high as what is in it, from one to six lines. */
function grow() {
  const follow = isFollowing();
  area.style.height = "auto";
  const style = getComputedStyle(area);
  const line = parseFloat(style.lineHeight) || 22;
  const around = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  const most = Math.round(line * LINES + around);
  const wanted = area.value ? Math.min(area.scrollHeight, most) : Math.round(line + around);
  area.style.height = `${wanted}px`;
  area.style.overflowY = area.scrollHeight > wanted + 1 ? "auto" : "hidden";
  if (follow) byId("log").scrollTop = byId("log").scrollHeight;
}

/** What is wrong, else the keys; and how much more fits. */
function under() {
  const place = byId("under");
  const keys = byTouch() ? "" : _("Enter sends · Shift+Enter: new line · Tab completes");
  place.textContent = wrong || keys;
  form.classList.toggle("wrong", Boolean(wrong));
  area.setAttribute("aria-invalid", String(Boolean(wrong)));
  const limit = board.hello?.limits?.text || 16384;
  const count = byId("count");
  const size = area.value.length < (limit * CLOSE) / 4 ? 0 : new TextEncoder().encode(area.value).length;
  const left = limit - size;
  count.textContent = size < limit * CLOSE ? "" : left >= 0
    ? n_("{n} byte left", "{n} bytes left", left)
    : n_("{n} byte too long", "{n} bytes too long", -left);
  count.classList.toggle("danger", left < 0);
}

function complain(words) {
  wrong = words;
  under();
  const alarm = byId("under");
  // Said at once: it is the answer to a key that was just pressed.
  alarm.replaceChildren(el("span", { role: "alert", text: words }));
}

// --- sending ---------------------------------------------------------------------------------------

/** Send what is typed, or say what is wrong with it. */
export function submit() {
  offers.close();
  const line = area.value.replace(/^\n+|\s+$/g, "");
  area.focus({ preventScroll: true });
  if (!line.trim()) return;
  const command = line.startsWith("/") && !line.startsWith("//");
  const limit = board.hello?.limits?.text || 16384;
  const size = new TextEncoder().encode(line).length;
  if (size > limit) {
    const values = { size: number(size), limit: number(limit) };
    complain(put(_("This message is too long: {size} bytes, at most {limit}."), values));
    return;
  }
  if (!board.room && !command) {
    complain(_("You are in no room. Type /join and the name of one."));
    return;
  }
  if (!enter(board.room?.name || "", line)) {
    complain(_("No link: a command waits here until it is back."));
    return;
  }
  remember(line);
  set("");
  at = -1;
  wrong = "";
  save();
  under();
}

/** It cannot be used as it is: the line comes back, unless something else is typed by now. */
function takeBack({ text, line }) {
  if (!area.value.trim()) set(line ?? "");
  complain(text);
  if (!saving) saving = setTimeout(save, SAVE_AFTER);
}

// --- what was sent before ----------------------------------------------------------------------------

function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch (_error) {
    return [];
  }
}

function remember(line) {
  if (history[history.length - 1] === line) return;
  history = [...history, line].slice(-REMEMBERED);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(history));
  } catch (_error) {
    // It is remembered for as long as the page lives.
  }
}

function recall(to) {
  if (at < 0) typed = area.value;
  at = to >= history.length ? -1 : Math.max(0, to);
  writing = true;
  set(at < 0 ? typed : history[at]);
  writing = false;
}

/** Whether the caret is on the first, or the last, of the lines that are typed. */
function onEdge(first) {
  if (area.selectionStart !== area.selectionEnd) return false;
  const around = first ? area.value.slice(0, area.selectionStart) : area.value.slice(area.selectionEnd);
  if (around.includes("\n")) return false;
  // A long line is several on the screen: only its very end leaves it.
  return around === "" || area.clientHeight < 2.2 * (parseFloat(getComputedStyle(area).lineHeight) || 22);
}

// --- keys -------------------------------------------------------------------------------------------

function key(event) {
  // An input method that is composing has the keys for itself.
  if (event.isComposing || event.keyCode === 229) return;
  if (offers.key(event)) return;
  const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
  breaks = event.shiftKey || event.altKey;
  if (event.key === "Enter") {
    if (breaks) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) insert("\n");
    else submit();
  } else if (event.key === "ArrowUp" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const mine = lastRefused();
    if (mine) send({ t: "edit", k: mine.k });
  } else if (event.key === "ArrowUp" && plain && history.length && onEdge(true)) {
    event.preventDefault();
    recall((at < 0 ? history.length : at) - 1);
  } else if (event.key === "ArrowDown" && plain && at >= 0 && onEdge(false)) {
    event.preventDefault();
    recall(at + 1);
  } else if (event.key === "PageUp" || event.key === "PageDown") {
    event.preventDefault();
    page(event.key === "PageUp" ? -1 : 1);
  }
}

/** Some phones tell of their Enter only by what it is about to do. */
function breaking(event) {
  const broken = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
  if (!broken || breaks || event.isComposing || !byTouch()) return;
  event.preventDefault();
  submit();
}

/** Put the caret there, unless that would bring up a phone's keyboard by itself. */
export function focusComposer() {
  if (!byTouch()) area.focus({ preventScroll: true });
}

