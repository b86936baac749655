// Owns which panes stand beside the conversation and which lie over it: by wish where there is room,
// over it for a moment where there is none. Must not know what is in them.

import { byId, focusable } from "./dom.js";
import { change, settings } from "./store.js";

/** Below these widths a pane gives its place to the conversation; page.css has the same. */
const ROOMY = {
  rooms: matchMedia("(min-width: 700px)"),
  people: matchMedia("(min-width: 900px)"),
};
const NAMES = Object.keys(ROOMY);

let over = "";

export function setUpPanes() {
  for (const name of NAMES) {
    byId(`${name}-open`).addEventListener("click", () => togglePane(name));
    byId(`${name}-close`).addEventListener("click", () => closePanes());
    ROOMY[name].addEventListener("change", () => {
      if (ROOMY[name].matches && over === name) over = "";
      draw();
    });
  }
  byId("scrim").addEventListener("click", () => closePanes());
  byId("chat").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !over || event.defaultPrevented) return;
    event.stopPropagation();
    closePanes();
  });
  draw();
}

/** Fold a pane away, or show it. */
export function togglePane(name) {
  if (!ROOMY[name].matches) {
    if (over === name) {
      closePanes();
      return;
    }
    over = name;
    draw();
    const pane = byId(name);
    const current = pane.querySelector("[aria-current]") || focusable(pane)[0];
    current?.focus();
    return;
  }
  const folded = new Set(settings.folded);
  if (!folded.delete(name)) folded.add(name);
  change({ folded: [...folded] });
  draw();
}

/** What lay over the conversation goes, and the focus returns to what opened it. */
export function closePanes() {
  if (!over) return;
  const was = over;
  over = "";
  draw();
  byId(`${was}-open`).focus();
}

function draw() {
  const chat = byId("chat");
  for (const name of NAMES) {
    const beside = ROOMY[name].matches && !settings.folded.includes(name);
    const shown = beside || over === name;
    const pane = byId(name);
    pane.classList.toggle("beside", beside);
    pane.classList.toggle("over", over === name);
    pane.inert = !shown;
    chat.classList.toggle(`with-${name}`, beside);
    byId(`${name}-open`).setAttribute("aria-expanded", String(shown));
  }
  byId("scrim").hidden = !over;
  byId("talk").inert = Boolean(over);
  for (const name of NAMES) if (over && name !== over) byId(name).inert = true;
}
