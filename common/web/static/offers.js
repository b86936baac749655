// Owns the list of what the word being typed may become: asking the gateway for it, showing it,
// choosing from it. Must not know commands, names or emoji.

import { announce, byId, el, fill } from "./dom.js";
import { ask } from "./link.js";
import { n_ } from "./words.js";

const PAUSE = 60;
/** What begins a word for which something is offered by itself. */
const MARK = /(?:^\/|(?:^|[\s(«“"'’])[@#:])\S*$|^\/[^\n]*$/;
const LONGEST = 4000;

/** `take(candidate)` puts one in the place of what was typed of it. */
export function setUpOffers(area, take) {
  const list = byId("offers");
  let candidates = [];
  let chosen = 0;
  let latest = 0;
  let timer = 0;
  let leaving = false;

  const before = () => area.value.slice(0, area.selectionStart).slice(-LONGEST);

  function close() {
    clearTimeout(timer);
    latest += 1;
    candidates = [];
    list.hidden = true;
    fill(list);
    area.removeAttribute("aria-activedescendant");
  }

  function show(found) {
    const first = list.hidden;
    candidates = found;
    chosen = 0;
    fill(list, ...found.map((one, at) =>
      el("div", { role: "option", id: `offer-${at}`, class: "offer", on: { pointerdown: (event) => pick(event, at) } },
        el("span", { class: "offer-shown", text: one.shown }),
        one.about ? el("span", { class: "caption cut", text: one.about }) : null)));
    list.hidden = false;
    mark();
    if (first) announce(n_("{n} suggestion", "{n} suggestions", found.length));
  }

  function mark() {
    [...list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
    area.setAttribute("aria-activedescendant", `offer-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  /** By pressing, so that the caret never leaves the text. */
  function pick(event, at) {
    event.preventDefault();
    accept(candidates[at]);
  }

  function accept(candidate) {
    close();
    take(candidate);
    // What a command takes next is offered at once.
    if (candidate.insert.startsWith("/")) look(false);
  }

  /** Offer something for the word before the caret. `asked`: Tab was pressed for it. */
  function look(asked) {
    leaving = false;
    clearTimeout(timer);
    const words = before();
    if (!asked && !MARK.test(words)) {
      close();
      return;
    }
    timer = setTimeout(() => request(words, asked), asked ? 0 : PAUSE);
  }

  async function request(words, asked) {
    latest += 1;
    const mine = latest;
    let found;
    try {
      found = (await ask({ t: "complete", before: words, asked })).list;
    } catch (_error) {
      found = [];
    }
    if (mine !== latest || before() !== words) return;
    if (!found.length) {
      close();
      if (asked) leave();
    } else if (asked && found.length === 1) accept(found[0]);
    else show(found);
  }

  /** Nothing fits: Tab does what it does elsewhere. */
  function leave() {
    byId("smile").focus();
  }

  /** A whole command that is typed already is sent, not completed. */
  function whole(candidate) {
    const words = [...before()];
    const typed = candidate.replaced ? words.slice(-candidate.replaced).join("") : "";
    const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
    const same = candidate.insert.trimEnd() === typed;
    return same || (area.value.startsWith("/") && fold(candidate.insert) === fold(typed));
  }

  /** Answers whether the key was for the list. */
  function key(event) {
    const open = !list.hidden && candidates.length > 0;
    if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey) {
      if (open) accept(candidates[chosen]);
      else if (leaving || !/[^\s]$/.test(before())) return false;
      else look(true);
      event.preventDefault();
      return true;
    }
    if (!open) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + candidates.length) % candidates.length;
      mark();
    } else if (event.key === "Enter" && !event.shiftKey && !whole(candidates[chosen])) {
      accept(candidates[chosen]);
    } else if (event.key === "Escape") {
      close();
      leaving = true;
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  area.addEventListener("blur", close);
  area.addEventListener("click", close);
  return { close, look, key };
}
