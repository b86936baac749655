// Owns the line over the conversation and the bar under it: which room this is, and how the link is,
// with the countdown to the next try. Must not know how the link comes back.

import { board, watch } from "./board.js";
import { announce, byId, el, fill, icon, linkButton } from "./dom.js";
import { link, on, send, tryNow } from "./link.js";
import { dialog, roomMenu } from "./menus.js";
import { _, n_, onLanguage, put } from "./words.js";

const BACK = 5000;
const QUICK = 1200;

const bar = byId("bar");
const ICONS = { room: "hash", private: "lock", direct: "person" };

let cutAt = 0;
let backUntil = 0;
let shown = "";
let told = "";

export function setUpHead() {
  byId("save-open").addEventListener("click", () => dialog("rooms", "save"));
  byId("room-menu").addEventListener("click", () => board.room && roomMenu(board.room.name, byId("room-menu")));
  watch(["room", "hello"], drawRoom);
  watch(["rooms", "unread", "mentions"], drawBadge);
  watch(["link", "hello"], drawBar);
  on("link", linkChanged);
  on("hello", linkChanged);
  onLanguage(() => {
    shown = "";
    drawRoom();
    drawBadge();
    drawBar();
  });
  setInterval(drawBar, 500);
}

// --- which room ------------------------------------------------------------------------------------------

function drawRoom() {
  const room = board.room;
  fill(byId("room-icon"), icon(ICONS[room?.kind] || "hash"));
  byId("room-name").textContent = room ? room.title.replace(/^[#@]/, "") : "Causette";
  const words = [...(room?.words || [])];
  if (room && room.kind !== "direct" && room.people) words.push(n_("{n} here", "{n} here", room.people));
  byId("room-about").textContent = words.join(" · ");
  for (const name of ["save-open", "room-menu", "search-open", "people-open"]) byId(name).disabled = !room;
}

function drawBadge() {
  const others = board.rooms.filter((one) => !one.current);
  const unread = others.reduce((sum, one) => sum + one.unread, 0);
  const concern = others.reduce((sum, one) => sum + (one.kind === "direct" ? one.unread : one.mentions), 0);
  const badge = byId("rooms-badge");
  const count = concern || unread;
  badge.hidden = !count;
  badge.className = concern ? "badge you" : "badge";
  badge.textContent = count > 99 ? "99+" : String(count);
  const button = byId("rooms-open");
  const words = count ? `, ${n_("{n} unread", "{n} unread", unread)}` : "";
  button.setAttribute("aria-label", `${_("Rooms")}${words}`);
  badge.setAttribute("aria-hidden", "true");
}

// --- how the link is ---------------------------------------------------------------------------------------

function linkChanged() {
  if (link.state === "open" && board.hello) {
    if (cutAt && Date.now() - cutAt > QUICK) backUntil = Date.now() + BACK;
    cutAt = 0;
  } else if (link.state === "waiting" && !cutAt) cutAt = Date.now();
  drawBar();
}

/** {tone, words, again}: what there is to say, or null. */
function words() {
  const now = Date.now();
  if (!board.hello) return null;
  if (link.state !== "open") {
    // A cut that heals at once is nobody's business.
    if (!cutAt || now - cutAt < QUICK) return null;
    return down(_("Link down."), link.retryAt, _("Your messages wait."), "");
  }
  const far = board.link;
  if (far?.state === "back") return { tone: "good", words: [far.first] };
  if (far?.state === "door") return { tone: "bad", words: [far.first, far.then] };
  if (far) return down(far.first, far.retry_at, far.waits, far.why);
  return now < backUntil ? { tone: "good", words: [_("Link back.")] } : null;
}

function down(first, retryAt, waits, why) {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  const then = seconds > 0 ? put(_("Next try in {n} s."), { n: seconds }) : _("Trying again.");
  return { tone: "bad", words: [first, then, waits], why, again: true };
}

function drawBar() {
  const said = words();
  const sign = said ? JSON.stringify(said) : "";
  if (sign === shown) return;
  shown = sign;
  bar.hidden = !said;
  if (!said) {
    told = "";
    return;
  }
  const good = said.tone === "good";
  // The countdown changes each second: read aloud is only that the link went and came.
  if (said.words[0] !== told) {
    told = said.words[0];
    announce([said.words[0], said.words[2]].filter(Boolean).join(" "));
  }
  const kept = bar.querySelector("button");
  const again = said.again ? kept || linkButton("", hurry) : null;
  if (again) {
    const short = el("span", { class: "short", text: _("Try") });
    fill(again, el("span", { class: "long", text: _("Try now") }), short);
  }
  const [first, then, later] = said.words;
  const line = el("p", { title: said.why || null }, [first, then].filter(Boolean).join(" "));
  if (later) line.append(el("span", { class: "later", text: ` ${later}` }));
  bar.className = good ? "bar good" : "bar";
  if (kept && again && bar.querySelector("p")) {
    bar.querySelector("p").replaceWith(line);
  } else fill(bar, icon(good ? "check" : "warning"), line, again);
}

function hurry() {
  if (link.state === "open") send({ t: "hurry" });
  else tryNow();
}
