// Owns the keys that work wherever the focus is in the chat. Must not know what is done by them. The
// sheet that lists them: owncards.js.

import { byId, focusable } from "./dom.js";

const AREAS = ["rooms", "log", "composer", "people"];

/** `doings`: {search, save, go, sheet, rooms, people, step(by, unread), end, back}. */
export function setUpKeys(doings) {
  document.addEventListener("keydown", (event) => {
    if (byId("chat").hidden || document.querySelector("dialog[open], .menu")) return;
    if (event.isComposing || event.defaultPrevented) return;
    const run = chosen(event, doings);
    if (!run) return;
    if (run() !== false) event.preventDefault();
  });
}

function chosen(event, doings) {
  const command = event.ctrlKey || event.metaKey;
  const { key } = event;
  if (key === "F1") return doings.sheet;
  if (key === "F6") return () => area(event.shiftKey ? -1 : 1);
  if (event.altKey && !command && (key === "ArrowUp" || key === "ArrowDown")) {
    return () => doings.step(key === "ArrowUp" ? -1 : 1, event.shiftKey);
  }
  if (command && !event.altKey && !event.shiftKey) {
    const named = {
      f: doings.search, s: doings.save, k: doings.go, "/": doings.sheet, b: doings.rooms, u: doings.people,
    };
    if (key === "End") return doings.end;
    return named[key.toLowerCase()];
  }
  return key === "Escape" && !command ? doings.back : null;
}

/** Into the next area; after the last one the browser has its turn. */
function area(by) {
  const shown = AREAS.map(byId).filter((one) => !one.inert && one.getClientRects().length);
  const at = shown.findIndex((one) => one.contains(document.activeElement));
  const next = shown[at + by] || (at < 0 ? shown[0] : null);
  if (!next) return false;
  const preferred = { composer: "words" }[next.id];
  const current = preferred ? byId(preferred) : next.querySelector("[aria-current], .row[tabindex='0']");
  (current || focusable(next)[0])?.focus();
  return true;
}
