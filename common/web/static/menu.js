// Owns how a menu looks and is gone through: at a button, at the pointer, or from below on a small
// screen. Must not know what is offered.

import { byTouch, el, fill, icon } from "./dom.js";

const EDGE = 8;

let open = null;

/**
 * Show a menu. `items`: {words, icon, keys, danger, run}, or null for a line. `from` is the element
 * that gets the focus back; `place` {x, y} is where the pointer was, null for beside `from`.
 */
export function showMenu(label, items, from, place = null) {
  closeMenu(false);
  const entries = tidy(items);
  if (!entries.length) return;
  const list = el("div", { class: "menu", role: "menu", "aria-label": label, tabindex: "0" });
  fill(list, ...entries.map((one) => (one ? entry(one) : el("div", { role: "separator", class: "menu-line" }))));
  const shade = el("div", { class: "menu-shade", on: { click: () => closeMenu(), contextmenu: away } }, list);
  list.addEventListener("keydown", key);
  list.addEventListener("click", (event) => event.stopPropagation());
  // In the same part of the page as what it is of, for whoever goes by its landmarks.
  (from?.closest("nav, main, aside") || document.body).append(shade);
  open = { shade, list, from, typed: "" };
  const sheet = innerWidth < 700 || (byTouch() && innerWidth < 900);
  shade.classList.toggle("sheet", sheet);
  if (sheet) list.prepend(el("p", { class: "menu-title cut", "aria-hidden": "true", text: label }));
  else put(list, from, place);
  from?.setAttribute("aria-expanded", "true");
  // By touch nothing is chosen before it is pressed.
  (sheet && byTouch() ? list : buttons()[0]).focus({ preventScroll: true });
}

/** Take the menu away; `back`: the focus returns to where it was. */
export function closeMenu(back = true) {
  if (!open) return;
  const { shade, from } = open;
  open = null;
  shade.remove();
  from?.setAttribute("aria-expanded", "false");
  if (!from?.hasAttribute("aria-haspopup")) from?.removeAttribute("aria-expanded");
  if (back) giveBack(from);
}

/** What the menu was of may have been drawn anew meanwhile. */
function giveBack(from) {
  if (!from) return;
  const again = from.isConnected ? from : from.id ? document.getElementById(from.id) : null;
  (again || document.getElementById("words"))?.focus({ preventScroll: true });
}

function away(event) {
  event.preventDefault();
  closeMenu();
}

/** What does not apply goes, and no line stands first, last, or beside another one. */
function tidy(items) {
  const kept = items.filter((one) => one || one === null);
  return kept.filter((one, at) => one || (kept[at - 1] && kept.slice(at + 1).some(Boolean)));
}

function entry(one) {
  const made = el(
    "button",
    { type: "button", role: "menuitem", class: one.danger ? "danger" : null, tabindex: "-1" },
    one.icon ? icon(one.icon) : el("span", { class: "icon" }),
    el("span", { class: "menu-words", text: one.words }),
    one.keys ? el("kbd", { "aria-hidden": "true", text: one.keys }) : null,
  );
  if (one.keys) {
    const named = one.keys.replaceAll("⌘", "Meta").replaceAll("Ctrl", "Control");
    made.setAttribute("aria-keyshortcuts", named);
  }
  made.addEventListener("click", () => {
    closeMenu();
    one.run();
  });
  made.addEventListener("pointermove", () => made.focus({ preventScroll: true }));
  return made;
}

function put(list, from, place) {
  const box = from?.getBoundingClientRect();
  const size = list.getBoundingClientRect();
  let x = place ? place.x : box.left;
  let y = place ? place.y : box.bottom + 4;
  if (x + size.width > innerWidth - EDGE) x = place ? x - size.width : box.right - size.width;
  if (y + size.height > innerHeight - EDGE) {
    y = place ? y - size.height : box.top - size.height - 4;
  }
  const most = (room, wanted) => Math.max(EDGE, Math.min(wanted, room - EDGE));
  list.style.left = `${most(innerWidth - size.width, x)}px`;
  list.style.top = `${most(innerHeight - size.height, y)}px`;
}

// --- keys ---------------------------------------------------------------------------------------

const buttons = () => [...open.list.querySelectorAll("[role=menuitem]")];

function key(event) {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  const go = (to) => {
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  };
  event.stopPropagation();
  if (event.key === "ArrowDown") go(at + 1);
  else if (event.key === "ArrowUp") go(at < 0 ? -1 : at - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(-1);
  else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) byLetter(event.key, all, at);
}

/** The next entry that begins with the letter. */
function byLetter(letter, all, at) {
  const wanted = letter.toLocaleLowerCase();
  const turned = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  const words = (one) => one.querySelector(".menu-words").textContent.toLocaleLowerCase();
  turned.find((one) => words(one).startsWith(wanted))?.focus();
}

addEventListener("resize", () => open && !open.shade.classList.contains("sheet") && closeMenu());
