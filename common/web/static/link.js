// Owns the WebSocket: opening it, coming back after a cut, noticing a line that died silently, and
// what was entered and is not settled. Must not know what the messages mean nor how any is drawn.
//
// Theory. A text that is entered is kept in the browser's storage under a key of its own until the
// gateway says `settled`. After each `attach` everything that is kept is sent again in its order;
// the gateway takes each key once. So neither a cut nor a reload loses or repeats a message.

import { forgetUnsent, keepUnsent, newKey, unsent } from "./store.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
// Milliseconds without a word after which the gateway is asked for one, and after which it counts
// as gone; both are looked at once a second.
const SILENT = 20000;
const DEAD = 5000;
const WATCH = 1000;

const ELSEWHERE = 4001;
const LEFT = 4003;

/** `state`: idle, connecting, open, waiting (for the next try at `retryAt`). */
export const link = { state: "idle", retryAt: 0, tries: 0, since: 0 };

const listeners = new Map();
const requests = new Map();
const taken = new Set();
/** Key to line of what was entered and may come back. */
const entered = new Map();
let socket = null;
let opening = () => ({});
let numbers = 0;
let timer = 0;
let heard = 0;
let asked = 0;

/** Have `listener` called with every message of that type; "link": whenever `link` changed. */
export function on(type, listener) {
  if (!listeners.has(type)) listeners.set(type, []);
  listeners.get(type).push(listener);
}

function emit(type, message) {
  for (const listener of listeners.get(type) || []) listener(message);
}

/** Begin; `attach()` makes the first message of each connection. */
export function start(attach) {
  opening = attach;
  link.tries = 0;
  if (link.state === "idle") connect();
}

/** End, and do not come back. */
export function stop() {
  clearTimeout(timer);
  const old = socket;
  socket = null;
  old?.close(1000);
  become("idle");
  fail();
}

/** Try now rather than later. */
export function tryNow() {
  if (link.state !== "waiting") return;
  clearTimeout(timer);
  connect();
}

/** Send one message; false where the link is down. */
export function send(message) {
  if (socket?.readyState !== WebSocket.OPEN || link.state !== "open") return false;
  socket.send(JSON.stringify(message));
  return true;
}

/** Send a message that is answered under its id. Rejected where the link is cut meanwhile. */
export function ask(message) {
  const id = ++numbers;
  return new Promise((done, failed) => {
    if (!send({ ...message, id })) {
      failed(new Error("down"));
      return;
    }
    requests.set(id, { done, failed });
  });
}

/**
 * Hand in what was typed. Answers its key, or "" where it cannot be taken: a command while the link
 * is down. A text is kept whatever the link does.
 */
export function enter(room, line) {
  const command = line.startsWith("/") && !line.startsWith("//");
  const entry = { key: newKey(), room, line, ts: Date.now() };
  entered.set(entry.key, line);
  if (command) {
    return send({ t: "enter", key: entry.key, room, line }) ? entry.key : "";
  }
  keepUnsent(entry);
  send({ t: "enter", key: entry.key, room, line });
  emit("entered", entry);
  return entry.key;
}

// --- the socket ---------------------------------------------------------------------------------

function become(state) {
  link.state = state;
  if (state === "open") link.since = Date.now();
  emit("link", link);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const made = new WebSocket(`${scheme}//${location.host}/ws`);
  socket = made;
  become("connecting");
  made.addEventListener("open", () => {
    if (socket !== made) return;
    heard = Date.now();
    asked = 0;
    taken.clear();
    made.send(JSON.stringify({ t: "attach", ...opening(), unsent: unsent().map((one) => one.key) }));
    become("open");
  });
  made.addEventListener("message", (event) => {
    if (socket === made) take(event.data);
  });
  made.addEventListener("close", (event) => {
    if (socket === made) closed(event.code);
  });
}

function take(data) {
  heard = Date.now();
  asked = 0;
  const message = JSON.parse(data);
  if (message.t === "hello") {
    link.tries = 0;
    sendKept();
  } else if (message.t === "done") {
    taken.add(message.key);
    if (!unsent().some((one) => one.key === message.key)) entered.delete(message.key);
  } else if (message.t === "settled" || message.t === "wrong") {
    message.line = entered.get(message.key) ?? unsent().find((one) => one.key === message.key)?.line;
    entered.delete(message.key);
    forgetUnsent(message.key);
  }
  const waiting = requests.get(message.id);
  if (waiting) {
    requests.delete(message.id);
    waiting.done(message);
    return;
  }
  emit(message.t, message);
}

/** What an earlier connection did not settle, in its order. */
function sendKept() {
  for (const one of unsent()) {
    if (!taken.has(one.key)) send({ t: "enter", key: one.key, room: one.room, line: one.line });
  }
}

function closed(code) {
  socket = null;
  fail();
  if (code === ELSEWHERE || code === LEFT) {
    become("idle");
    emit(code === LEFT ? "left" : "elsewhere", {});
    return;
  }
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** link.tries) * (0.8 + 0.4 * Math.random());
  link.tries += 1;
  link.retryAt = Date.now() + pause;
  timer = setTimeout(connect, pause);
  become("waiting");
}

/** Nobody answers what was asked. */
function fail() {
  const left = [...requests.values()];
  requests.clear();
  for (const one of left) one.failed(new Error("down"));
}

// --- a line that died without a word --------------------------------------------------------------

/** A laptop that slept and a phone that changed its network are told of nothing by the browser. */
function look() {
  if (link.state !== "open" || !socket) return;
  const now = Date.now();
  if (asked && now - asked > DEAD) {
    giveUp();
  } else if (!asked && now - heard > SILENT) {
    doubt();
  }
}

function doubt() {
  if (link.state !== "open" || asked) return;
  asked = Date.now();
  send({ t: "ping" });
}

/** A dead socket may take minutes to close: it is left to itself. */
function giveUp() {
  const old = socket;
  socket = null;
  old?.close();
  closed(1006);
}

setInterval(look, WATCH);
addEventListener("online", () => (link.state === "waiting" ? tryNow() : doubt()));
addEventListener("offline", doubt);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  if (link.state === "waiting") tryNow();
  else if (Date.now() - heard > DEAD) doubt();
});
