// Owns the card that all dialogs share: fields, choices, a line that says why not, the buttons, and
// how it waits for an answer. Must not know what is asked.

import { byId, el, fill, focusable, icon, tool } from "./dom.js";
import { ask } from "./link.js";
import { noLink } from "./menus.js";
import { _ } from "./words.js";

let numbers = 0;

const SPANS = () => [
  [0, _("for good")],
  [600, _("10 minutes")],
  [3600, _("1 hour")],
  [86400, _("1 day")],
  [604800, _("1 week")],
  [2592000, _("30 days")],
];

/** Add parts, then `answer`, then `present`. `failed` shows why not; `done` closes it. */
export class Card {
  constructor(title, { wide = false } = {}) {
    numbers += 1;
    const name = `card-${numbers}`;
    this.busy = false;
    this.touched = false;
    this.wrong = null;
    this.command = null;
    this.body = el("div", { class: "card-body" });
    this.error = el("p", { class: "field-error", id: `${name}-error`, role: "alert", hidden: true });
    this.foot = el("div", { class: "card-foot" });
    const heading = el("h2", { id: name, text: title });
    const close = tool("close", _("Close"), () => this.done());
    this.form = el("form", { novalidate: "", autocomplete: "off" },
      el("div", { class: "card-head" }, heading, close), this.body, this.error, this.foot);
    const kind = wide ? "card-dialog wide" : "card-dialog";
    this.element = el("dialog", { class: kind, "aria-labelledby": name }, this.form);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.go();
    });
    this.form.addEventListener("input", () => !this.busy && this.quiet());
    this.element.addEventListener("close", () => {
      document.body.append(byId("live"));
      this.element.remove();
    });
    this.form.addEventListener("input", () => (this.touched = true));
    this.element.addEventListener("pointerdown", (event) => {
      // Beside the card, which fills the dialog. What was typed is not lost by a slip.
      if (event.target === this.element && !this.touched) this.done();
    });
  }

  // --- parts ---------------------------------------------------------------------------------

  add(...nodes) {
    this.body.append(...nodes);
    return nodes[0];
  }

  words(text, tone = "muted") {
    return this.add(el("p", { class: tone, text }));
  }

  /** A line to type; Enter answers. */
  field(name, value = "", props = {}) {
    const input = el("input", { type: "text", id: this.id(), value, maxlength: "1000", ...props });
    this.add(el("div", { class: "part" }, el("label", { for: input.id, text: name }), input));
    return input;
  }

  /** One of a few: [[value, words]]. */
  choice(name, choices, value) {
    const select = el("select", { id: this.id() },
      choices.map(([one, words]) =>
        el("option", { value: String(one), text: words, selected: String(one) === String(value) })));
    this.add(el("div", { class: "part" }, el("label", { for: select.id, text: name }), select));
    return select;
  }

  /** A time in seconds; `good` are the words for 0. */
  span(name, seconds = 0, good = "") {
    const choices = SPANS();
    if (good) choices[0][1] = good;
    return this.choice(name, choices, seconds);
  }

  check(words, value = false) {
    const input = el("input", { type: "checkbox", id: this.id(), checked: value });
    this.add(el("label", { class: "check", for: input.id }, input, el("span", { text: words })));
    return input;
  }

  id() {
    numbers += 1;
    return `part-${numbers}`;
  }

  /** A button at the foot. */
  act(words, run, kind = "") {
    const made = el("button", { type: "button", class: kind || "plain-button", text: words, on: { click: run } });
    this.foot.append(made);
    return made;
  }

  /** The button that does it, and one that does not; after all parts. */
  answer(words, command, { danger = false } = {}) {
    this.command = command;
    this.main = el("button", { type: "submit", class: danger ? "danger-button" : "primary", text: words });
    this.foot.append(this.main);
    this.act(_("Cancel"), () => this.done());
    return this.main;
  }

  close(words = _("Close")) {
    return this.act(words, () => this.done(), "primary");
  }

  // --- answering -----------------------------------------------------------------------------

  async go() {
    if (this.busy || !this.command) return;
    this.quiet();
    this.busy = true;
    this.main.disabled = true;
    try {
      await this.command();
    } catch (error) {
      this.failed(error instanceof Refusal ? error.message : noLink(), error.field);
    } finally {
      this.busy = false;
      this.main.disabled = false;
    }
  }

  /** It was not done; what was typed stays. */
  failed(why, field = null) {
    fill(this.error, icon("alert"), el("span", { text: why }));
    this.error.hidden = false;
    this.wrong = field;
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", this.error.id);
    field.focus();
  }

  quiet() {
    this.error.hidden = true;
    this.wrong?.removeAttribute("aria-invalid");
    this.wrong?.removeAttribute("aria-describedby");
    this.wrong = null;
  }

  present(first = null) {
    // What is told meanwhile must be in the dialog: everything beside it is out of reach.
    this.element.append(byId("live"));
    document.body.append(this.element);
    this.element.showModal();
    const inside = focusable(this.body);
    // What scrolls must be reachable, so that keys can scroll it.
    if (!inside.length && this.body.scrollHeight > this.body.clientHeight) this.body.tabIndex = 0;
    (first || inside[0] || focusable(this.foot)[0])?.focus();
    if (first?.select) first.select();
    return this;
  }

  done() {
    this.element.close();
  }
}

/** Why something was not done, in words for people; `field` is what must be changed. */
export class Refusal extends Error {
  constructor(text, field = null) {
    super(text);
    this.field = field;
  }
}

/** Have a command done; throws `Refusal` with the reason where it is not. */
export async function deed(call, field = null) {
  const answer = await ask({ t: "do", ...call });
  if (!answer.ok) throw new Refusal(answer.text, field);
  return answer;
}

/** A list of the server's; throws `Refusal` where it is not to be had. */
export async function listed(what, room = "") {
  const answer = await ask({ t: "list", what, room });
  if (answer.ok === false) throw new Refusal(answer.text);
  return answer;
}

// --- lists ---------------------------------------------------------------------------------------

/** A list in a card: `show` the rows, each with what can be done about it. */
export class Rows {
  constructor(card, name) {
    this.card = card;
    this.state = el("p", { class: "muted", text: _("One moment…") });
    this.list = el("ul", { class: "card-list", "aria-label": name });
    card.add(this.state, this.list);
  }

  /** `make(entry)` gives the nodes of a row. */
  show(entries, make, empty = "") {
    this.state.textContent = empty;
    this.state.hidden = entries.length > 0 || !empty;
    this.list.hidden = entries.length === 0;
    const at = [...this.list.children].findIndex((one) => one.contains(document.activeElement));
    fill(this.list, ...entries.map((entry) => el("li", {}, ...make(entry))));
    if (at >= 0) {
      const row = this.list.children[Math.min(at, this.list.children.length - 1)];
      (row && focusable(row)[0] ? focusable(row)[0] : focusable(this.card.foot)[0])?.focus();
    }
  }

  say(words) {
    this.state.textContent = words;
    this.state.hidden = false;
  }
}

/** The two columns of a row, one over the other, behind a picture. */
export function rowWords(picture, label, note) {
  return [
    picture,
    el("span", { class: "row-words" },
      el("span", { class: "row-label", dir: "auto", text: label }),
      note ? el("span", { class: "caption", dir: "auto", text: note }) : null),
  ];
}

/** A small button of a row; while it works it cannot be pressed again. */
export function rowButton(words, run, about, danger = false) {
  const made = el("button", {
    type: "button", class: danger ? "small-button danger" : "small-button", text: words, "aria-label": `${words} (${about})`,
  });
  made.addEventListener("click", async () => {
    made.disabled = true;
    await run();
    made.disabled = false;
  });
  return made;
}
