// Owns looking for words in the open room: the field, what was found, going there. Must not know how
// the gateway finds it.

import { board, watch } from "./board.js";
import { announce, byId, el, face, fill, icon, linkButton, tool } from "./dom.js";
import { ask, send } from "./link.js";
import { reveal, toNewest } from "./lines.js";
import { noLink } from "./menus.js";
import { source } from "./rows.js";
import { timeline } from "./timeline.js";
import { _, moment, n_, onLanguage, put } from "./words.js";

const PAUSE = 250;
const AROUND = 60;

const panel = byId("search");
const button = byId("search-open");

let field = null;
let list = null;
let state = null;
let more = null;
let room = "";
let before = null;
let latest = 0;
let timer = 0;
let count = 0;

export function setUpSearch() {
  button.addEventListener("click", () => (panel.hidden ? openSearch() : closeSearch()));
  panel.addEventListener("keydown", key);
  watch(["room"], () => !panel.hidden && board.room?.name !== room && closeSearch(false));
  onLanguage(() => {
    if (panel.hidden) return;
    const words = field.value;
    build();
    field.value = words;
    begin();
  });
}

export const searchIsOpen = () => !panel.hidden;

export function openSearch() {
  if (!board.room) return;
  const words = field?.value || "";
  if (panel.hidden) {
    build();
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    room = board.room.name;
    field.value = words;
    if (words) begin();
  }
  field.focus();
  field.select();
}

export function closeSearch(back = true) {
  if (panel.hidden) return;
  panel.hidden = true;
  latest += 1;
  button.setAttribute("aria-expanded", "false");
  if (back) button.focus();
}

function build() {
  field = el("input", {
    type: "text", enterkeyhint: "search", autocomplete: "off",
    placeholder: _("Find in the conversation"), "aria-label": _("Find in the conversation"),
    on: { input: () => { clearTimeout(timer); timer = setTimeout(begin, PAUSE); } },
  });
  state = el("p", { class: "caption search-state", role: "status" });
  list = el("ol", { class: "hits" });
  more = linkButton(_("Search older messages"), () => load());
  more.hidden = true;
  fill(panel,
    el("div", { class: "search-head" }, icon("search"), field, tool("close", _("Close (Escape)"), () => closeSearch())),
    state, list, more);
}

// --- looking --------------------------------------------------------------------------------------------

function begin() {
  clearTimeout(timer);
  before = null;
  count = 0;
  fill(list);
  more.hidden = true;
  if (field.value.trim()) load();
  else {
    latest += 1;
    state.textContent = "";
  }
}

async function load() {
  latest += 1;
  const mine = latest;
  const words = field.value.trim();
  state.textContent = _("Searching…");
  more.disabled = true;
  let found = { more: true, hits: [] };
  try {
    // A part of a long room may hold nothing: it is looked through until something is found.
    while (found.more && !found.hits.length && mine === latest) {
      found = await ask({ t: "search", text: words, before });
      before = found.before;
    }
  } catch (_error) {
    if (mine === latest) state.textContent = noLink();
    return;
  } finally {
    more.disabled = false;
  }
  if (mine !== latest || panel.hidden) return;
  const hits = found.hits;
  const first = list.children.length;
  count += hits.length;
  list.append(...hits.map((one) => el("li", {}, hit(one, words))));
  more.hidden = !found.more;
  if (count) state.textContent = n_("{n} message found", "{n} messages found", count);
  else state.textContent = put(_("Nothing for “{words}” here. Try a shorter word."), { words });
  if (first) list.children[first]?.querySelector("button").focus();
}

function hit(one, words) {
  const text = source(one.lines, false).split(/\s+/).join(" ");
  return el("button", { type: "button", class: "hit", on: { click: () => go(one.seq) } },
    face(one.nick, one.colour, one.bot),
    el("span", { class: "hit-words" },
      el("bdi", { class: `strong n${one.colour}`, text: one.nick }),
      el("span", { class: "hit-text", dir: "auto" }, marked(text, words)),
      el("span", { class: "caption", text: moment(one.ts) })));
}

/** The words around the first place where they stand, which is marked. */
function marked(text, words) {
  const plain = (one) => one.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  // Only where folding keeps the length do places in both texts agree.
  const folded = plain(text);
  const wanted = plain(words.split(/\s+/)[0] || "");
  const at = folded.length === text.length ? folded.indexOf(wanted) : -1;
  if (at < 0 || !wanted) return [text.length > 2 * AROUND ? `${text.slice(0, 2 * AROUND)}…` : text];
  const from = Math.max(0, at - AROUND);
  const end = Math.min(text.length, at + wanted.length + AROUND);
  return [
    (from ? "…" : "") + text.slice(from, at),
    el("mark", { text: text.slice(at, at + wanted.length) }),
    text.slice(at + wanted.length, end) + (end < text.length ? "…" : ""),
  ];
}

function go(seq) {
  const held = timeline.tail && timeline.entries.some((one) => one.seq === seq);
  if (innerWidth < 700) closeSearch(false);
  if (held) reveal(seq);
  else if (send({ t: "around", seq })) announce(_("One moment…"));
}

function key(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closeSearch();
    return;
  }
  const buttons = [...panel.querySelectorAll(".hit")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "Enter" && event.target === field) {
    event.preventDefault();
    if (buttons.length) buttons[0].focus();
    else begin();
  } else if (event.key === "ArrowDown" && (at >= 0 || event.target === field)) {
    event.preventDefault();
    buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    if (at) buttons[at - 1].focus();
    else field.focus();
  } else if (event.key === "End" && event.ctrlKey) {
    toNewest();
  }
}
