// Owns what stands in the place of the chat: the form to join, waiting to be let in, the chat being
// open elsewhere, its end. Must not know the chat.

import { byId, el, fill, icon, linkButton } from "./dom.js";
import { _, n_, onLanguage, put } from "./words.js";

const AGAIN = 4000;

const entry = byId("entry");
const card = byId("entry-card");

/** What the server said of itself at /api/start. */
let about = { server: "", people: null, access: "open", reach: "ok", secure: true, nick: "", why: "" };
let screen = null;
let typed = { nick: null, code: "" };
let trouble = null;
let busy = false;
let hooks = { joined: () => {}, back: () => {} };
let timer = 0;

/** `joined()`: this browser is somebody now; `back()`: the person wants the chat here again. */
export function setUpEntry(given) {
  hooks = { ...hooks, ...given };
  onLanguage(() => screen && screen());
}

/** Ask the server who and how it is. Null where it cannot be reached. */
export async function startInfo() {
  try {
    const answer = await fetch("/api/start", { headers: { Accept: "application/json" } });
    if (!answer.ok) return null;
    about = { ...about, ...(await answer.json()) };
    return about;
  } catch (_error) {
    return null;
  }
}

/** The code that a link brought along, in what the browser never sends. */
export function codeFromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("invite") || "";
  if (found) history.replaceState(null, "", location.pathname);
  return found;
}

/** Nobody was here. */
export function forgetTyped() {
  typed = { nick: null, code: "" };
}

export function hideEntry() {
  clearTimeout(timer);
  screen = null;
  fill(card);
  entry.hidden = true;
}

function show(draw) {
  clearTimeout(timer);
  screen = draw;
  entry.hidden = false;
  document.title = "Causette";
  draw();
}

// --- the form ------------------------------------------------------------------------------------------

/** `why` {text, field} is what went wrong; `code` an invitation's. Nothing typed is cleared. */
export function showForm({ why = null, code = "" } = {}) {
  trouble = why;
  busy = false;
  if (code) typed.code = code;
  show(drawForm);
  focusForm();
}

function focusForm() {
  const wrong = card.querySelector("[aria-invalid=true]");
  const nick = byId("join-nick");
  // With the nickname known and a finger to press with, the keyboard would only hide the button.
  if (wrong) wrong.focus();
  else if (nick && !nick.value) nick.focus();
  else byId("join-go")?.focus();
}

function drawForm() {
  if (about.reach === "down") {
    clearTimeout(timer);
    timer = setTimeout(lookAgain, AGAIN);
  }
  const held = document.activeElement?.id;
  if (byId("join-nick")) keepTyped();
  const nick = part("join-nick", _("Your nickname"), typed.nick ?? about.nick ?? "", "nick", {
    autocomplete: "nickname", autocapitalize: "words", maxlength: "64", enterkeyhint: "go", spellcheck: "false",
  });
  const asksCode = about.access === "invite" || typed.code || trouble?.field === "code";
  const code = asksCode
    ? part("join-code", _("Invitation code"), typed.code, "code", {
        autocomplete: "off", autocapitalize: "characters", maxlength: "64", spellcheck: "false",
        placeholder: "XXXX-XXXX-XXXX", enterkeyhint: "go",
      })
    : [];
  const form = el("form", { class: "join", novalidate: "", on: { submit: join } },
    el("h2", { text: about.server || location.hostname }),
    el("p", { class: "muted", text: aboutServer() }),
    nick, code,
    trouble && !trouble.field ? mistake("join-error", trouble.text) : null,
    el("button", { type: "submit", class: "primary wide", id: "join-go", disabled: busy },
      busy ? _("One moment…") : _("Join")),
    asksCode ? null : linkButton(_("I have a code"), askCode, { id: "join-have" }),
    plain());
  fill(card, form);
  if (held && byId(held)) byId(held).focus();
}

function keepTyped() {
  typed = { nick: byId("join-nick").value, code: byId("join-code")?.value ?? typed.code };
}

function askCode() {
  keepTyped();
  typed.code ||= " ";
  drawForm();
  typed.code = typed.code.trim();
  byId("join-code").value = typed.code;
  byId("join-code").focus();
}

function part(id, words, value, name, props) {
  const wrong = trouble?.field === name;
  const input = el("input", {
    type: "text", id, value: value.trim(), class: "tall", "aria-invalid": wrong ? "true" : null,
    "aria-describedby": wrong ? `${id}-error` : null, ...props,
  });
  input.addEventListener("input", () => {
    if (!input.hasAttribute("aria-invalid")) return;
    input.removeAttribute("aria-invalid");
    byId(`${id}-error`)?.remove();
    trouble = null;
  });
  return [el("label", { for: id, text: words }), input, wrong ? mistake(`${id}-error`, trouble.text) : null];
}

function mistake(id, text) {
  return el("p", { class: "field-error", id, role: "alert" }, icon("alert"), el("span", { text }));
}

function aboutServer() {
  if (about.reach === "down") return about.why || _("The server does not answer at the moment.");
  const words = [];
  if (about.people) words.push(n_("{n} person", "{n} people", about.people));
  words.push(about.access === "invite" ? _("by invitation") : _("open to everybody on this network"));
  return words.join(" · ");
}

/** What plain HTTP does not protect, where there is somebody who could read along. */
function plain() {
  if (about.secure || isSecureContext) return null;
  const words = _("This page is not encrypted: on this network, others can read what passes between this device and the server.");
  return el("p", { class: "caution" }, icon("warning"), el("span", { text: words }));
}

async function lookAgain() {
  await startInfo();
  if (screen === drawForm && !busy) drawForm();
}

async function join(event) {
  event.preventDefault();
  if (busy) return;
  keepTyped();
  const nick = typed.nick.trim();
  if (!nick) {
    showForm({ why: { field: "nick", text: _("Type a nickname: it is the name that others see.") } });
    return;
  }
  busy = true;
  trouble = null;
  drawForm();
  const answer = await post("/api/join", { nick, code: typed.code.trim(), lang: document.documentElement.lang });
  busy = false;
  if (answer.ok) {
    typed.code = "";
    hooks.joined();
  } else showForm({ why: answer.error });
}

/** {ok, waiting} or {error: {text, field}}. */
async function post(path, body) {
  const gone = { error: { text: _("The server does not answer. Try again in a moment."), field: "" } };
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (answer.ok) return { ok: true, ...told };
    return told.error ? { error: told.error } : gone;
  } catch (_error) {
    return gone;
  }
}

/** Say goodbye; `forget`: this browser is nobody afterwards. */
export function leave(forget) {
  return post("/api/leave", { forget });
}

// --- other screens -------------------------------------------------------------------------------------

function drawMessage(sign, title, texts, action) {
  fill(card, el("div", { class: "message" },
    icon(sign, "large"),
    el("h2", { text: title, tabindex: "-1", id: "entry-title" }),
    texts,
    action));
  byId("entry-title").focus();
}

const primary = (words, run) => el("button", { type: "button", class: "primary wide", text: words, on: { click: run } });

/** An administrator must let this browser in; it goes on by itself then. */
export function showWaiting(fingerprint, giveUp) {
  show(() => drawMessage("clock", _("Waiting for an administrator to let you in."), [
    el("p", { class: "muted", text: _("This goes on by itself then. Tell them the fingerprint of your key:") }),
    el("p", { class: "fingerprint", text: fingerprint }),
  ], primary(_("Give up"), giveUp)));
}

export function showElsewhere() {
  show(() => drawMessage("device", _("The chat is open elsewhere."), [
    el("p", { class: "muted", text: _("Another tab or window of this browser has it. What you typed is kept.") }),
  ], primary(_("Come back here"), hooks.back)));
}

export function showEnded(text) {
  show(() => drawMessage("leave", text || _("You have left."), [
    el("p", { class: "muted", text: put(_("{server} goes on without you."), { server: about.server || "Causette" }) }),
  ], primary(_("Join again"), hooks.joined)));
}

/** The first connection takes a moment; `failing`: it was tried, and is tried again. */
export function showConnecting(failing = false) {
  const words = failing ? el("p", { class: "muted", text: _("The server does not answer at the moment.") }) : null;
  show(() => drawMessage("reload", _("Connecting…"), words ? [words] : [], null));
}
