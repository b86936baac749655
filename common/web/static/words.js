// Owns the person's language: sentences, plurals, numbers, times and days.
// Must not know who says what. English is the language of the source, so it needs no table; French
// is a table that the server makes from the catalogues. Switching asks everybody to draw again.

let table = {};
let lang = document.documentElement.lang === "fr" ? "fr" : "en";
const listeners = new Set();

/** The sentence in the person's language. */
export function _(sentence) {
  const found = table[sentence];
  return typeof found === "string" && found ? found : sentence;
}

/** The form for `count`, with {n} replaced by it. */
export function n_(one, many, count) {
  const forms = table[`${one}|${many}`];
  const plural = lang === "fr" ? Math.abs(count) >= 2 : count !== 1;
  const words = Array.isArray(forms) && forms[0] ? forms[plural ? 1 : 0] : plural ? many : one;
  return put(words, { n: number(count) });
}

/** Replace {name} by its value, as plain text. */
export function put(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

export function language() {
  return lang;
}

/** Have `listener` called each time that the language changes. */
export function onLanguage(listener) {
  listeners.add(listener);
}

/** Speak that language from now on; where its table cannot be had, the one before stays. */
export async function speak(wanted) {
  const chosen = wanted === "fr" ? "fr" : "en";
  let words = {};
  if (chosen === "fr") {
    try {
      const answer = await fetch("/static/words-fr.json");
      if (!answer.ok) return false;
      words = await answer.json();
    } catch (_error) {
      return false;
    }
  }
  table = words;
  lang = chosen;
  formats.clear();
  document.documentElement.lang = lang;
  apply(document);
  for (const listener of listeners) listener();
  return true;
}

/**
 * Put the words where index.html asks for them: `data-word` is the text, `data-word-label` the name
 * for screen readers, `data-word-tip` name and tooltip, `data-word-hint` what an empty field shows.
 */
export function apply(root) {
  for (const one of root.querySelectorAll("[data-word]")) one.textContent = _(one.dataset.word);
  for (const one of root.querySelectorAll("[data-word-label]")) {
    one.setAttribute("aria-label", _(one.dataset.wordLabel));
  }
  for (const one of root.querySelectorAll("[data-word-tip]")) {
    one.title = _(one.dataset.wordTip);
    one.setAttribute("aria-label", one.title);
  }
  for (const one of root.querySelectorAll("[data-word-hint]")) {
    one.placeholder = _(one.dataset.wordHint);
  }
}

// --- numbers and times, in the browser's zone ---------------------------------------------------

const formats = new Map();

function format(name, options) {
  const known = formats.get(name);
  if (known) return known;
  const made = new Intl.DateTimeFormat(lang === "fr" ? "fr-FR" : "en-GB", options);
  formats.set(name, made);
  return made;
}

export function number(value) {
  let known = formats.get("number");
  if (!known) {
    known = new Intl.NumberFormat(lang === "fr" ? "fr-FR" : "en-GB");
    formats.set("number", known);
  }
  return known.format(value);
}

/** `16:44` */
export function clock(ts) {
  return format("clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ts);
}

/** `Thursday 19 November`, with the year where it is another one; `short`: `Thu 19 Nov`. */
export function day(ts, short = false) {
  const year = new Date(ts).getFullYear() !== new Date().getFullYear();
  const options = short
    ? { weekday: "short", day: "numeric", month: "short" }
    : { weekday: "long", day: "numeric", month: "long" };
  if (year) options.year = "numeric";
  const words = format(`day-${short}-${year}`, options).format(ts);
  return lang === "en" ? words.replace(",", "") : words;
}

/** `Thursday 19 November, 16:44` */
export function moment(ts) {
  return `${day(ts)}, ${clock(ts)}`;
}

/** A number that is the same for all times of one day. */
export function dayOf(ts) {
  const date = new Date(ts);
  return date.getFullYear() * 10000 + date.getMonth() * 100 + date.getDate();
}
