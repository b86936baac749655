// Owns the entries of the open room as data: those that the gateway told, and those that only this
// browser has yet. Must not know the document. lines.js shows a part of it.

import { compare, sincePlace } from "./frames.js";
import { plainLines } from "./rows.js";
import { unsent } from "./store.js";

/** Entries that are held while the newest ones are followed; dropping begins above MOST. */
const KEEP = 800;
const MOST = 1500;

export const timeline = {
  room: "",
  /** Sorted: the gateway's entries, then what is only here. */
  entries: [],
  /** The place of the entry before which "since you left" stands, or -1. */
  since: -1,
  /** Nothing older exists. */
  complete: false,
  loading: false,
  /** The newest ones are among them. */
  tail: true,
  /** Whether anything was told about the room yet. */
  known: false,
  /** The person cleared it: older ones come when they ask, not by themselves. */
  cleared: false,
};

const held = new Map();
const taken = new Set();
let locals = [];
let sinceNumber = 0;
let newest = 0;

/**
 * Take a `lines` message in. `reading`: somebody reads old ones, which must not go. Answers
 * {moved: another room or another part of it, fresh: entries that were said just now by others}.
 */
export function takeLines(message, reading) {
  const other = message.room !== timeline.room;
  const moved = other || Boolean(message.at || message.anew) || Boolean(message.reset && !timeline.tail);
  if (message.reset) begin(message, other, reading && !moved);
  // What was asked for is no news, however new it is here; only such answers tell of the beginning.
  const past = message.reset || "complete" in message || (timeline.loading && message.loading === false);
  const fresh = [];
  for (const entry of message.put || []) {
    if (!past && isNews(entry)) fresh.push(entry);
    held.set(entry.k, entry);
  }
  // The trace of a message that was deleted, for whoever holds it.
  for (const entry of message.again || []) if (held.has(entry.k)) held.set(entry.k, entry);
  for (const key of message.gone || []) held.delete(key);
  // What is not told is as it was.
  for (const name of ["complete", "loading", "tail"]) timeline[name] = message[name] ?? timeline[name];
  sinceNumber = message.since ?? sinceNumber;
  arrange(!reading && !moved);
  for (const entry of message.put || []) newest = Math.max(newest, entry.seq || 0);
  return { moved, fresh };
}

function isNews(entry) {
  if (entry.kind !== "said" || entry.own || entry.deleted || !timeline.tail) return false;
  return entry.seq > newest && !held.has(entry.k);
}

function begin(message, other, reading) {
  const before = reading ? [...held.values()] : [];
  held.clear();
  if (other) newest = 0;
  timeline.room = message.room;
  timeline.known = true;
  timeline.cleared = Boolean(message.cleared);
  const first = message.cleared ? null : message.put[0];
  if (!first) return;
  // After a cut the newest are told again: what was read further up stays, if it leads up to them.
  const older = before.filter((one) => compare(one, first) < 0);
  if (older.length < before.length) for (const one of older) held.set(one.k, one);
}

/** Put everything in order; `following`: the oldest may go. */
function arrange(following) {
  let sorted = [...held.values()].sort(compare);
  if (following && sorted.length > MOST) {
    for (const one of sorted.slice(0, sorted.length - KEEP)) held.delete(one.k);
    sorted = sorted.slice(-KEEP);
    timeline.complete = false;
  }
  const known = new Set(sorted.map((one) => one.key).filter(Boolean));
  timeline.entries = sorted.concat(locals.filter((one) => !known.has(one.key)));
  timeline.since = sincePlace(sorted, sinceNumber, timeline.complete);
}

/** What is kept in this browser and was not taken over yet; `words` says how it is with it. */
export function refreshLocals(words) {
  locals = unsent()
    .filter((one) => one.room === timeline.room && !taken.has(one.key))
    .map((one) => local(one, words));
  arrange(false);
}

function local(one, words) {
  const text = one.line.startsWith("//") ? one.line.slice(1) : one.line;
  return {
    k: `local:${one.key}`,
    key: one.key,
    kind: "mine",
    ts: one.ts,
    state: "queued",
    words,
    lines: plainLines(text),
    only: true,
  };
}

/** The gateway has it, or knows what became of it. */
export function tookOver(key) {
  taken.add(key);
}

/** No room is open. */
export function forgetRoom() {
  held.clear();
  locals = [];
  Object.assign(timeline, {
    room: "", entries: [], since: -1, complete: false, tail: true, known: false, cleared: false,
  });
}

/** The number of the oldest message that is held, or 0. */
export function oldest() {
  const first = timeline.entries.find((one) => one.kind === "said");
  return first ? first.seq : 0;
}

/** The number of the newest message that is held, or 0. */
export function latest() {
  const last = timeline.entries.findLast((one) => one.kind === "said");
  return last ? last.seq : 0;
}

export function entryOf(key) {
  return held.get(key) || locals.find((one) => one.k === key);
}

/** The last refused message here, or undefined. */
export function lastRefused() {
  return timeline.entries.findLast((one) => one.kind === "mine" && one.state === "refused");
}
