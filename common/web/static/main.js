// Owns the beginning and the end: which screen is shown, and who is told what by whom. Must not do
// any part's work.

import { dressBrowser, setLanguage } from "./appearance.js";
import { board, clearBoard, tell, tellPeople, watch } from "./board.js";
import { compose, focusComposer, insert, setUpComposer } from "./composer.js";
import { byId, byTouch, el, icon, toast } from "./dom.js";
import { setUpEmoji } from "./emoji.js";
import { setUpHead } from "./head.js";
import {
  codeFromAddress, forgetTyped, hideEntry, leave, setUpEntry, showConnecting, showElsewhere, showEnded, showForm,
  showWaiting, startInfo,
} from "./join.js";
import { setUpKeys } from "./keys.js";
import { draw as drawLines, forgetRows, setUpLines, toNewest, toOldest } from "./lines.js";
import { link, on, send, start, stop } from "./link.js";
import {
  addMenu, copyWords, dialog, loadDialogs, messageMenu, pageLink, personMenu, rowDeed, setUpMenus,
} from "./menus.js";
import { setUpNotify } from "./notify.js";
import { setUpPanes, togglePane } from "./panes.js";
import { setUpPeople } from "./people.js";
import { drawRooms, setUpRooms, stepRoom } from "./rooms.js";
import { rowsDrawn, sayAloud, setUpRows } from "./rowkeys.js";
import { closeSearch, openSearch, searchIsOpen, setUpSearch } from "./search.js";
import { forgetPerson, lastRoom, rememberRoom, settings } from "./store.js";
import { forgetRoom, timeline } from "./timeline.js";
import { _, apply, language, n_, onLanguage, put, speak } from "./words.js";

let code = "";

async function begin() {
  code = codeFromAddress();
  const wanted = settings.lang || document.documentElement.lang;
  const [info] = await Promise.all([startInfo(), speak(wanted)]);
  if (language() === "en") apply(document);
  setUp();
  if (!info) {
    showForm({ why: { text: _("The server does not answer. Try again in a moment."), field: "" } });
  } else if (info.joined && !code) connect();
  else showForm({ code });
}

function setUp() {
  for (const place of document.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
  setUpEntry({ joined: connect, back: connect });
  setUpPanes();
  setUpRooms();
  setUpPeople();
  setUpHead();
  setUpSearch();
  setUpLines({ drawn: rowsDrawn, said: sayAloud, empty });
  setUpRows({ act, menu: messageMenu });
  setUpComposer({ onDraft: drawRooms, add: (button) => addMenu(button, byTouch()) });
  setUpEmoji(insert);
  setUpMenus({ compose, insert, search: openSearch, leave: disconnect });
  setUpNotify();
  setUpKeys({
    search: () => (searchIsOpen() ? false : openSearch()),
    save: () => dialog("rooms", "save"),
    go: () => dialog("rooms", "goTo"),
    sheet: () => dialog("own", "shortcuts"),
    rooms: () => togglePane("rooms"),
    people: () => togglePane("people"),
    step: stepRoom,
    end: toNewest,
    back: () => byId("words").focus(),
  });
  for (const one of document.querySelectorAll("[data-lang]")) {
    one.addEventListener("click", () => setLanguage(one.dataset.lang));
  }
  byId("entry-help").addEventListener("click", () => dialog("own", "help"));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("words").focus();
  });
  hear();
  dressBrowser();
  fitKeyboard();
  markLanguage();
  onLanguage(markLanguage);
}

function markLanguage() {
  for (const one of document.querySelectorAll("[data-lang]")) {
    one.setAttribute("aria-pressed", String(one.dataset.lang === language()));
  }
}

// --- screens -------------------------------------------------------------------------------------------

function connect() {
  showConnecting();
  start(() => ({ lang: language(), room: lastRoom(), visible: !document.hidden }));
}

function showChat() {
  const hidden = byId("chat").hidden;
  hideEntry();
  byId("chat").hidden = false;
  if (!hidden) return;
  focusComposer();
  // Once the page is at rest: what is behind the menus must be there when the link is not.
  const idle = window.requestIdleCallback || ((run) => setTimeout(run, 1000));
  idle(loadDialogs);
}

function hideChat() {
  stop();
  byId("chat").hidden = true;
  closeSearch(false);
  clearBoard();
  forgetRoom();
  forgetRows();
}

async function disconnect(forget) {
  const answer = await leave(forget);
  if (!answer.ok) {
    toast(answer.error.text);
    return;
  }
  hideChat();
  if (forget) {
    forgetPerson();
    forgetTyped();
  }
  await startInfo();
  showForm();
}

/** This browser's cookie may be nobody's by now: then there is a form, not an endless trying. */
async function retrying() {
  if (!board.hello && link.tries > 1) showConnecting(true);
  if (link.tries < 2 || link.tries % 3) return;
  const info = await startInfo();
  if (info && !info.joined && link.state !== "open") {
    hideChat();
    showForm();
  }
}

// --- what the gateway says ------------------------------------------------------------------------------

function hear() {
  on("hello", (hello) => {
    tell({ hello, me: { ...board.me, nick: hello.nick, user: hello.user, role: hello.role || "" } });
    showChat();
  });
  on("state", tell);
  on("link", () => link.state === "waiting" && retrying());
  on("people", tellPeople);
  on("toast", ({ text }) => toast(text));
  on("slow", ({ seconds }) => toast(n_("Too fast: wait {n} second.", "Too fast: wait {n} seconds.", seconds || 1)));
  on("page", ({ name }) => (name === "save" ? dialog("rooms", "save") : toOldest()));
  on("waiting", ({ fingerprint }) => showWaiting(fingerprint, () => disconnect(true)));
  on("failed", ({ text, field }) => {
    hideChat();
    showForm({ why: { text, field: field || "" } });
  });
  on("ended", ({ text }) => {
    hideChat();
    showEnded(text);
  });
  on("elsewhere", () => {
    hideChat();
    showElsewhere();
  });
  on("left", () => {
    hideChat();
    startInfo().then(() => showForm());
  });
  watch(["room"], () => {
    if (board.room) rememberRoom(board.room.name);
    else if (timeline.room) forgetRoom();
    drawLines();
  });
  document.addEventListener("visibilitychange", () => send({ t: "visible", on: !document.hidden }));
}

function act(name, entry, element) {
  if (name === "author") personMenu(entry, element);
  else rowDeed(name, entry);
}

// --- where there is nothing ---------------------------------------------------------------------------

/** What stands in the middle of an empty room, or where no room is open. */
function empty() {
  if (!board.hello) return [];
  const room = board.room;
  if (!room) {
    const words = _("Join one, or make one of your own.");
    const enter = () => dialog("rooms", "newRoom");
    return nothing(_("You are in no room."), words, _("Join a room, or make one"), enter);
  }
  if (!timeline.known || timeline.room !== room.name || timeline.loading || !timeline.complete) return [];
  if (room.kind === "direct") {
    const words = _("What you write here is read by {nick} and you alone.");
    return nothing(_("It is quiet here."), put(words, { nick: room.title.slice(1) }));
  }
  const words = room.people > 1
    ? put(n_("{n} person is in {room}. Say hello.", "{n} people are in {room}. Say hello.", room.people), { room: room.title })
    : put(_("You are the first one in {room}. Say hello, or give others the link."), { room: room.title });
  if (room.kind === "private") return nothing(_("It is quiet here."), words);
  return nothing(_("It is quiet here."), words, _("Copy the link"), () => copyWords(pageLink()));
}

function nothing(title, words, action = "", run = null) {
  return [
    el("img", { src: "/icon.svg", alt: "", width: "56", height: "56" }),
    el("p", { class: "strong", text: title }),
    el("p", { class: "muted", text: words }),
    action ? el("button", { type: "button", class: "plain-button", text: action, on: { click: run } }) : "",
  ];
}

/** Safari's keyboard covers the page instead of making it smaller. */
function fitKeyboard() {
  const view = window.visualViewport;
  if (!view) return;
  const fit = () => {
    const covered = view.scale < 1.05 && innerHeight - view.height > 80;
    document.documentElement.style.setProperty("--height", covered ? `${view.height}px` : "");
    if (covered) scrollTo(0, 0);
  };
  view.addEventListener("resize", fit);
  view.addEventListener("scroll", fit);
}

begin();
