// Owns how an entry stands among its neighbours: day lines, "since you left", whose name is shown,
// under which own message its state stands. Pure: no document, no language, no link.

import { dayOf } from "./words.js";

const GROUPING = 5 * 60 * 1000;

/** Sort by what the gateway gives: numbers, compared one after the other. */
export function compare(one, other) {
  const [a, b] = [one.s, other.s];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? -1) - (b[at] ?? -1);
    if (difference) return difference;
  }
  return 0;
}

/** Whether the second needs no name: the same author, soon after, nothing in between. */
export function grouped(before, entry) {
  if (!before || before.me || entry.me) return false;
  const gap = entry.ts - before.ts;
  if (gap < 0 || gap >= GROUPING) return false;
  if (before.kind === "said" && entry.kind === "said") {
    return before.user === entry.user && before.nick === entry.nick;
  }
  // What was said just now stands under what is stored of the same person.
  if (before.kind === "said" && entry.kind === "mine") return before.own;
  return before.kind === "mine" && entry.kind === "mine";
}

/** Whether a line with the day stands before an entry. */
function newDay(before, entry) {
  if (!before) return true;
  const [former, date] = [dayOf(before.ts), dayOf(entry.ts)];
  // The broker's clock stamps records, this machine's the rest: a day that comes back is no day.
  const both = before.kind === "said" && entry.kind === "said";
  return date > former || (both && date !== former);
}

/**
 * The place of the entry before which "since you left" stands, or -1. `since` is the number of the
 * first message that came meanwhile; `complete`: nothing older exists.
 */
export function sincePlace(entries, since, complete) {
  if (!since) return -1;
  let before = null;
  for (let place = 0; place < entries.length; place += 1) {
    const entry = entries[place];
    if (entry.kind !== "said") continue;
    if (entry.seq >= since) {
      return before || complete || entry.seq === since ? place : -1;
    }
    before = entry;
  }
  return -1;
}

/** What goes with the entry at `place` besides itself. */
export function frame(entries, place, since) {
  const entry = entries[place];
  const before = entries[place - 1];
  const after = entries[place + 1];
  const dated = newDay(before, entry);
  const here = place === since;
  const joined = !dated && !here && grouped(before, entry);
  const own = entry.kind === "mine" || (entry.kind === "said" && entry.own);
  const last =
    !after || place + 1 === since || newDay(entry, after) || !sameState(entry, after);
  return { day: dated, since: here, head: !joined, state: own && last };
}

/** Whether the state under the second one speaks for the first as well. */
function sameState(entry, after) {
  const alike = entry.kind === after.kind && (entry.kind === "said" || entry.state === after.state);
  return alike && entry.state !== "refused" && grouped(entry, after);
}

/** The frame as a word, to see whether a row must be drawn again. */
export function sign(one) {
  return `${one.day ? "d" : ""}${one.since ? "s" : ""}${one.head ? "h" : ""}${one.state ? "t" : ""}`;
}
