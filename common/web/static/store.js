// Owns what this browser remembers: settings, drafts, what is unsent, the room that was open.
// Must not know what any of it means. Where there is no storage (private windows, a full disk), it
// is remembered for as long as the page lives.

const PREFIX = "causette.";
const memory = new Map();

function read(name, usual) {
  try {
    const words = localStorage.getItem(PREFIX + name);
    return words === null ? usual : JSON.parse(words);
  } catch (_error) {
    return memory.has(name) ? memory.get(name) : usual;
  }
}

function write(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch (_error) {
    return false;
  }
}

// --- settings ---------------------------------------------------------------------------------

const USUAL = { theme: "system", size: 100, lang: "", notify: false, sound: false, folded: [] };

/** Everything that a person chose; `folded` are the panes that they do not want beside the talk. */
export const settings = { ...USUAL, ...asObject(read("settings", {})) };

export function change(values) {
  Object.assign(settings, values);
  write("settings", settings);
}

function asObject(value) {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

// --- the room that was open -----------------------------------------------------------------------

export function lastRoom() {
  return String(read("room", ""));
}

export function rememberRoom(name) {
  write("room", name);
}

// --- drafts ------------------------------------------------------------------------------------

const DRAFTS = 50;
let drafts = asObject(read("drafts", {}));

/** What is typed in a room and not sent. */
export function draft(room) {
  return String(drafts[room] || "");
}

export function keepDraft(room, text) {
  if (!room || draft(room) === text) return;
  delete drafts[room];
  if (text) drafts[room] = text;
  const names = Object.keys(drafts);
  for (const name of names.slice(0, Math.max(0, names.length - DRAFTS))) delete drafts[name];
  write("drafts", drafts);
}

// --- what is unsent ------------------------------------------------------------------------------

/** [{key, room, line, ts}], in the order in which they were entered. */
export function unsent() {
  const kept = read("unsent", []);
  return Array.isArray(kept) ? kept.filter((one) => one && typeof one.line === "string") : [];
}

export function keepUnsent(entry) {
  return write("unsent", [...unsent(), entry]);
}

/** Read anew each time: another tab of this browser may have changed it. */
export function forgetUnsent(key) {
  const before = unsent();
  const left = before.filter((one) => one.key !== key);
  if (left.length !== before.length) write("unsent", left);
}

/** Nothing of the person stays in this browser but how the page looks. */
export function forgetPerson() {
  drafts = {};
  write("drafts", drafts);
  write("unsent", []);
  write("room", "");
}

/** A name that no other message of any browser has: 40 hexadecimal digits. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}
