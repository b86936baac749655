// Owns how elements are made and found, what is announced to screen readers and told for a moment.
// Must not know the chat. Everything that others wrote goes through `textContent`: no function here
// takes markup.

const SVG = "http://www.w3.org/2000/svg";
const BOOLEANS = new Set(["hidden", "disabled", "checked", "selected", "required", "readOnly"]);

/** The element with that id, which index.html has. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Make an element. `props`: `class`, `text`, `on` ({event: listener}), `data` ({name: value}),
 * booleans as they are, everything else as an attribute; null and undefined are left out.
 * Children are nodes, or strings, which become text.
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "on") listen(made, value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "value") made.value = value;
    else if (BOOLEANS.has(name)) made[name] = Boolean(value);
    else made.setAttribute(name, String(value));
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined));
  return made;
}

export function listen(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) {
    element.addEventListener(event, listener);
  }
}

/** An icon of the sprite; decoration, since a word or a name stands with it. */
export function icon(name, extra = "") {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", extra ? `icon ${extra}` : "icon");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#i-${name}`);
  made.append(use);
  return made;
}

/** A button that is an icon alone: `name` is what it is called, for everybody. */
export function tool(iconName, name, press, extra = "") {
  return el(
    "button",
    { type: "button", class: `tool ${extra}`.trim(), title: name, "aria-label": name, on: { click: press } },
    icon(iconName),
  );
}

/** A button that looks like a link. */
export function linkButton(words, press, props = {}) {
  return el("button", { type: "button", class: "link", text: words, on: { click: press }, ...props });
}

/** Take everything out of an element and put these in. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((one) => one !== null && one !== undefined));
  return element;
}

/** The disc of somebody, or the rounded square of a program: the initial on their colour. */
export function face(nick, colour, bot = false, extra = "") {
  const initial = [...String(nick)].find((one) => /[\p{L}\p{N}]/u.test(one)) || "?";
  const kind = `face n${Number(colour) || 0}${bot ? " bot" : ""} ${extra}`.trim();
  return el("span", { class: kind, "aria-hidden": "true" }, el("span", { text: initial }));
}

/** What can take the focus inside an element, in order. */
export function focusable(element) {
  const found = element.querySelectorAll("button, a[href], input, select, textarea, [tabindex]");
  return [...found].filter(
    (one) => !one.disabled && one.tabIndex >= 0 && one.getClientRects().length > 0,
  );
}

/** Whether the person points with a finger first of all. */
export function byTouch() {
  return matchMedia("(pointer: coarse)").matches;
}

// --- announcing ------------------------------------------------------------------------------

const KEPT_ANNOUNCEMENTS = 6;

/** Have a screen reader say it when it is done with what it says. */
export function announce(text) {
  const region = byId("announce");
  region.append(el("p", { text }));
  while (region.children.length > KEPT_ANNOUNCEMENTS) region.firstChild.remove();
}

let toastTimer = 0;

/** Tell something for a moment, longer the longer it is; it stays under the pointer. */
export function toast(text) {
  const region = byId("toast");
  clearTimeout(toastTimer);
  if (!text) {
    region.replaceChildren();
    return;
  }
  const made = el("p", { text });
  region.replaceChildren(made);
  const end = () => {
    if (made.matches(":hover")) toastTimer = setTimeout(end, 1500);
    else made.remove();
  };
  toastTimer = setTimeout(end, 5000 + 50 * text.length);
}

/** Put words on the clipboard; answers whether that was possible. */
export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch (_error) {
    return copyByHand(words);
  }
}

/** Where the page is not a secure context there is no clipboard but the selection's. */
function copyByHand(words) {
  const before = document.activeElement;
  const area = el("textarea", { class: "unseen", "aria-hidden": "true", value: words, readOnly: true });
  (before?.closest("dialog") || document.body).append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch (_error) {
    done = false;
  }
  area.remove();
  before?.focus?.({ preventScroll: true });
  return done;
}

// --- lists -------------------------------------------------------------------------------------

/**
 * Bring a list in step with `items`: what did not change stays the same element, so that neither
 * focus nor scrolling is lost. `make(item)` gives the element; `key` is the item's stable name.
 */
export function keyed(list, items, make) {
  const before = new Map([...list.children].map((one) => [one.dataset.key, one]));
  let next = list.firstElementChild;
  for (const item of items) {
    const signed = JSON.stringify(item);
    const known = before.get(item.key);
    before.delete(item.key);
    let element = known;
    if (!known || known.signed !== signed) {
      element = make(item);
      element.dataset.key = item.key;
      element.signed = signed;
      if (known) {
        const held = known.contains(document.activeElement);
        const at = held ? focusable(known).indexOf(document.activeElement) : -1;
        if (known === next) next = known.nextElementSibling;
        known.replaceWith(element);
        if (held) focusable(element)[Math.max(0, at)]?.focus({ preventScroll: true });
        if (next !== element.nextElementSibling) list.insertBefore(element, next);
        continue;
      }
    }
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  for (const gone of before.values()) gone.remove();
}
