// Owns what one entry of the conversation looks like: its element and the marks in its text. Must
// not know where it stands, the link, or what is done on a click: a row carries `data-do` names,
// which lines.js acts on. All that others wrote becomes text.

import { el, face, icon } from "./dom.js";
import { _, clock, day, language } from "./words.js";

/** What may be followed; everything else that looks like a link stays text. */
const SCHEMES = new Set(["http:", "https:", "ftp:"]);

/** Make the row of an entry in its frame; `me` is {nick, colour} of this person. */
export function row(entry, frame, me) {
  const made = el("li", { class: `row ${entry.kind}`, tabindex: "-1", data: { k: entry.k } });
  const line = separator(entry, frame);
  if (line) made.append(line);
  made.append(MAKERS[entry.kind]?.(entry, frame, me) || el("div", { class: "main" }));
  return made;
}

/** The part of a row that stays where it is when a day line comes or goes above it. */
export function mainOf(element) {
  return element.lastElementChild;
}

function separator(entry, frame) {
  if (!frame.day && !frame.since) return null;
  const words = el("span", { class: "day-words" });
  if (frame.day) {
    words.append(
      el("span", { class: "long", text: day(entry.ts) }),
      el("span", { class: "short", text: day(entry.ts, true) }),
    );
  }
  if (frame.since) words.append(frame.day ? " · " : "", _("since you left"));
  return el("h2", { class: frame.since ? "day since" : "day" }, words);
}

const MAKERS = { said, mine, crowd, notice };

function said(entry, frame) {
  const classes = ["main"];
  if (frame.head) classes.push("with-head");
  if (entry.mention) classes.push("mention");
  if (entry.me) classes.push("deed");
  if (entry.deleted) classes.push("deleted");
  const main = el("div", { class: classes.join(" ") });
  head(main, entry, frame.head);
  main.append(el("div", { class: "body" }, body(entry.lines)), time(entry));
  if (frame.state && entry.state) main.append(state("check", entry.state));
  main.append(more());
  return main;
}

function mine(entry, frame, me) {
  const classes = ["main", entry.state];
  if (frame.head) classes.push("with-head");
  if (entry.me) classes.push("deed");
  const main = el("div", { class: classes.join(" ") });
  head(main, { ...me, bot: false }, frame.head);
  main.append(el("div", { class: "body" }, body(entry.lines)), time(entry));
  if (entry.state === "refused") main.append(refusal(entry));
  else if (frame.state) main.append(state(entry.state === "stored" ? "check" : "clock", entry.words));
  main.append(more());
  return main;
}

function head(main, author, shown) {
  if (shown) main.append(face(author.nick, author.colour, author.bot));
  const name = shown
    ? el("button", { type: "button", class: `name n${author.colour}`, tabindex: "-1", data: { do: "author" } },
        el("bdi", { text: author.nick }))
    : el("bdi", { text: author.nick });
  const who = el("p", { class: shown ? "who" : "who unseen" }, name);
  if (author.bot && shown) who.append(el("span", { class: "bot-word", text: _("BOT") }));
  main.append(who);
}

function time(entry) {
  const stamp = new Date(entry.ts);
  const at = Number.isNaN(stamp.getTime()) ? null : stamp.toISOString();
  return el("time", { datetime: at, text: clock(entry.ts) });
}

function state(sign, words) {
  return el("p", { class: "state" }, icon(sign), el("span", { text: words }));
}

function refusal(entry) {
  const doings = el("span", { class: "doings" });
  if (entry.again) doings.append(doing("again", _("Send again")));
  doings.append(doing("edit", _("Edit")), doing("delete", _("Delete")));
  return el("p", { class: "state refusal" }, icon("alert"), el("span", { text: entry.words }), doings);
}

function doing(name, words) {
  return el("button", { type: "button", class: "link", tabindex: "-1", text: words, data: { do: name } });
}

/** By keyboard and by a tap this is how one learns what can be done with a message. */
function more() {
  const name = _("What can be done with this message");
  return el(
    "button",
    {
      type: "button",
      class: "tool row-more",
      tabindex: "-1",
      title: name,
      "aria-label": name,
      "aria-haspopup": "menu",
      data: { do: "menu" },
    },
    icon("more"),
  );
}

// --- what people did, and what this program says ---------------------------------------------------

function crowd(entry) {
  const main = el("div", { class: "main aside" });
  const words = `${entry.text} · ${clock(entry.ts)}`;
  if (entry.names && entry.names !== entry.text) {
    main.append(
      el("details", {}, el("summary", { tabindex: "-1", text: words }), el("p", { text: entry.names })),
    );
  } else {
    main.append(el("p", { dir: "auto", text: words }));
  }
  return main;
}

const TONES = { warning: "warning", danger: "alert" };

function notice(entry) {
  const main = el("div", { class: `main aside told ${entry.tone}` });
  if (TONES[entry.tone]) main.append(icon(TONES[entry.tone]));
  const words = el("div", { class: "told-words" });
  let list = null;
  for (const columns of entry.rows) {
    if (columns.length < 2) {
      list = null;
      words.append(el("p", { dir: "auto", text: columns[0] || "" }));
      continue;
    }
    if (!list) {
      list = el("dl", { class: "columns" });
      words.append(list);
    }
    list.append(el("dt", { text: columns[0] }), el("dd", { dir: "auto", text: columns[1] }));
  }
  main.append(words);
  return main;
}

// --- the text ---------------------------------------------------------------------------------------

/** Paragraphs, quotes and blocks of code; lines of code that follow each other are one block. */
export function body(lines) {
  const parts = [];
  let code = null;
  for (const [block, spans] of lines) {
    if (block === "code") {
      const words = plainSpans(spans);
      if (code) code.textContent += `\n${words}`;
      else {
        code = el("code", { text: words });
        parts.push(el("pre", {}, code));
      }
      continue;
    }
    code = null;
    if (block === "quote") {
      parts.push(el("blockquote", { data: { do: "quoted" } }, el("p", { dir: "auto" }, spans.map(span))));
    } else {
      parts.push(el("p", { dir: "auto" }, spans.map(span)));
    }
  }
  return parts;
}

const MARKS = { bold: "strong", code: "code" };

function span([style, words]) {
  if (style === "link") return address(words);
  if (MARKS[style]) return el(MARKS[style], { text: words });
  if (style === "mention") return el("span", { class: "named", text: words });
  if (style === "you") return el("strong", { class: "you", text: words });
  return document.createTextNode(words);
}

function address(words) {
  let scheme = "";
  try {
    scheme = new URL(words).protocol;
  } catch (_error) {
    scheme = "";
  }
  if (!SCHEMES.has(scheme)) return document.createTextNode(words);
  return el("a", {
    href: words,
    target: "_blank",
    rel: "noopener noreferrer",
    tabindex: "-1",
    text: words.replace(/^https?:\/\//, ""),
  });
}

const plainSpans = (spans) => spans.map(([, words]) => words).join("");

/** A message as it was written, for copying, quoting and reading aloud. */
export function source(lines, marks = true) {
  const written = [];
  let fenced = false;
  for (const [block, spans] of lines) {
    if (marks && (block === "code") !== fenced) {
      written.push("```");
      fenced = !fenced;
    }
    const words = spans.map(([style, text]) => {
      if (!marks || block === "code") return text;
      return style === "bold" ? `**${text}**` : style === "code" ? `\`${text}\`` : text;
    });
    written.push((marks && block === "quote" ? "> " : "") + words.join(""));
  }
  if (fenced) written.push("```");
  return written.join("\n");
}

const QUOTE_MOST = 280;

/** A message as a quote of one line, and the line to write under it. */
export function quoted(nick, lines) {
  const said = lines.filter(([block]) => block !== "quote");
  let words = source(said.length ? said : lines, false).split(/\s+/).filter(Boolean).join(" ");
  if (words.length > QUOTE_MOST) words = `${words.slice(0, QUOTE_MOST - 1).trimEnd()}…`;
  const colon = language() === "fr" ? "\u202f:" : ":";
  return `> ${nick}${colon} ${words}\n`;
}

/** The words of a text as `lines`, for a message that only this browser knows yet. */
export function plainLines(text) {
  return text.split("\n").map((words) => ["text", [["text", words]]]);
}
