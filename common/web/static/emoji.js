// Owns the emoji to choose from: a grid with a field to search in, over its button. Must not know
// where the emoji goes.

import { byId, el, fill } from "./dom.js";
import { noLink } from "./menus.js";
import { _ } from "./words.js";

const card = byId("emoji");
const button = byId("smile");

let table = null;
let pick = () => {};
let grid = null;
let field = null;
let said = null;

/** `onPick(emoji)`; afterwards the caret is where one types. */
export function setUpEmoji(onPick) {
  pick = onPick;
  button.addEventListener("click", () => (card.hidden ? open() : close()));
  card.addEventListener("keydown", key);
  document.addEventListener("pointerdown", (event) => {
    if (!card.hidden && !card.contains(event.target) && !button.contains(event.target)) close(false);
  });
}

async function open() {
  const hint = _("Search for an emoji");
  field = el("input", { type: "text", placeholder: hint, "aria-label": hint, on: { input: show } });
  grid = el("div", { class: "emoji-grid" });
  said = el("p", { class: "caption", role: "status" });
  fill(card, field, grid, said);
  card.hidden = false;
  button.setAttribute("aria-expanded", "true");
  field.focus();
  try {
    table ??= await (await fetch("/static/emoji.json")).json();
  } catch (_error) {
    said.textContent = noLink();
    return;
  }
  show();
}

export function close(back = true) {
  if (card.hidden) return;
  card.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (back) button.focus();
}

function show() {
  const wanted = field.value.trim().toLowerCase();
  const found = Object.entries(table || {}).filter(([name]) => name.includes(wanted));
  fill(grid, ...found.map(([name, sign], at) =>
    el("button", {
      type: "button",
      tabindex: at ? "-1" : "0",
      title: `:${name}:`,
      "aria-label": name.replaceAll("_", " "),
      text: sign,
      on: { click: () => take(sign) },
    })));
  said.textContent = found.length ? "" : _("No emoji of that name.");
}

function take(sign) {
  close(false);
  pick(sign);
}

function key(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close();
    return;
  }
  const all = [...grid.children];
  const at = all.indexOf(document.activeElement);
  if (event.key === "Enter" && at < 0 && all.length) {
    event.preventDefault();
    all[0].click();
    return;
  }
  if (event.key === "ArrowDown" && at < 0) go(event, all, 0);
  if (at < 0) return;
  const row = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
  const columns = row < 0 ? all.length : row;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (!by) return;
  if (at + by < 0 && event.key === "ArrowUp") {
    event.preventDefault();
    field.focus();
  } else go(event, all, at + by);
}

function go(event, all, to) {
  event.preventDefault();
  const place = Math.max(0, Math.min(all.length - 1, to));
  for (const one of all) one.tabIndex = -1;
  all[place].tabIndex = 0;
  all[place].focus();
}
