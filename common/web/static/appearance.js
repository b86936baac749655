// Owns how the page looks and speaks by this person's choice: theme, size of text, language. Must
// not know the chat.

import { send } from "./link.js";
import { change, settings } from "./store.js";
import { speak } from "./words.js";

export const SIZES = [80, 90, 100, 110, 120, 130, 150, 175, 200];

export function setTheme(name) {
  change({ theme: name });
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  dressBrowser();
}

/** The browser's own bar takes the colour of the page's upper edge. */
export function dressBrowser() {
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--bg").trim();
  for (const one of document.querySelectorAll("meta[name=theme-color]")) {
    if (settings.theme === "system") continue;
    one.content = ground;
  }
}

export function setSize(percent) {
  change({ size: percent });
  document.documentElement.style.fontSize = percent === 100 ? "" : `${percent}%`;
}

/** In force at once, here and in what the gateway says. */
export async function setLanguage(lang) {
  if (!(await speak(lang))) return false;
  change({ lang });
  send({ t: "lang", lang });
  return true;
}
