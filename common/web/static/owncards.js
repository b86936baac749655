// Owns the dialogs about this browser: settings, the sheet of keys, help, being forgotten. Must not
// know how a card works.

import { Card } from "./dialogs.js";
import { el } from "./dom.js";
import { keys } from "./menus.js";
import { allowed, askPermission, beep } from "./notify.js";
import { change, settings } from "./store.js";
import { _, language } from "./words.js";
import { setLanguage, setSize, setTheme, SIZES } from "./appearance.js";

/** Each answer is in force at once and is remembered by this browser. */
export function preferences() {
  const card = new Card(_("Settings"));
  const themes = [["system", _("as the system")], ["light", _("light")], ["dark", _("dark")]];
  const theme = card.choice(_("Theme"), themes, settings.theme);
  theme.addEventListener("change", () => setTheme(theme.value));
  const size = card.choice(_("Size of text"), SIZES.map((one) => [one, `${one} %`]), settings.size);
  size.addEventListener("change", () => setSize(Number(size.value)));
  const lang = card.choice(_("Language"), [["fr", "Français"], ["en", "English"]], language());
  lang.addEventListener("change", async () => {
    await setLanguage(lang.value);
    card.done();
    preferences();
  });
  const call = card.check(_("Notify me of what concerns me"), settings.notify && allowed() === "granted");
  const sound = card.check(_("With a sound"), settings.sound);
  const about = card.words("");
  const tell = () => {
    const why = {
      insecure: _("This page is not encrypted: browsers let it notify only by its title and a sound."),
      denied: _("This browser was told not to let the page notify; its settings change that."),
    };
    const words = [_("What names you, or is written to you alone."), why[allowed()]];
    about.textContent = words.filter(Boolean).join(" ");
  };
  call.disabled = ["insecure", "denied", "none"].includes(allowed());
  call.addEventListener("change", async () => {
    const granted = call.checked && (await askPermission());
    call.checked = granted;
    change({ notify: granted });
    tell();
  });
  sound.addEventListener("change", () => {
    change({ sound: sound.checked });
    if (sound.checked) beep();
  });
  tell();
  card.close();
  card.present(theme);
}

const SHEET = () => [
  [_("Writing"), [
    [_("Enter"), _("send")],
    [_("Shift+Enter"), _("new line")],
    [_("Tab"), _("complete a name, a room, an emoji, a command")],
    ["↑", _("what was sent before")],
    [keys("Ctrl+↑"), _("change the refused message")],
    [_("Esc"), _("back to where one writes")],
  ]],
  [_("Reading"), [
    [_("Page Up, Page Down"), _("scroll")],
    [keys(_("Ctrl+End")), _("to the newest message")],
    [keys("Ctrl+F"), _("search in the conversation")],
    [keys("Ctrl+S"), _("save the conversation")],
    ["↑ ↓", _("from message to message, once one has the focus")],
    [_("Menu, Shift+F10"), _("what can be done with this")],
  ]],
  [_("Rooms"), [
    [keys("Ctrl+K"), _("go to a room")],
    ["Alt+↑, Alt+↓", _("previous or next room")],
    ["Alt+Shift+↑, ↓", _("previous or next with something new")],
  ]],
  [_("Page"), [
    ["F6", _("to the next area")],
    [keys("Ctrl+B, Ctrl+U"), _("fold rooms, people")],
    [keys("F1, Ctrl+/"), _("this sheet")],
  ]],
];

export function shortcuts() {
  const card = new Card(_("Keyboard shortcuts"), { wide: true });
  const groups = SHEET().map(([title, rows]) =>
    el("section", { class: "keys-group" },
      el("h3", { class: "caption strong", text: title }),
      el("dl", { class: "keys" }, rows.flatMap(([names, words]) => [
        el("dt", {}, el("kbd", { text: names })),
        el("dd", { text: words }),
      ]))));
  card.add(el("div", { class: "keys-groups" }, groups));
  card.words(_("On a phone: hold a message, a room or a name for what can be done with it."));
  card.close();
  card.present(card.foot.lastChild);
}

/** What this is, for who opens it for the first time. */
export function help() {
  const card = new Card(_("Help"));
  for (const words of [
    _("Causette is the chat of your network: messages go to a server near you and nowhere else."),
    _("Choose a nickname and join: there is no account and no password. This browser keeps your identity; the same browser is you again tomorrow."),
    _("To be the same person on another device, join here, then open “Add a device…” at the server’s name."),
    _("If you were given a code, follow its link or type it under “Invitation code”."),
  ]) {
    card.words(words, "");
  }
  card.close();
  card.present(card.foot.lastChild);
}

/** `leave(true)` gives the identity up. */
export function forget(leave) {
  const card = new Card(_("Forget me in this browser?"));
  card.words(_("Your nickname and your rooms are reached with a key that is kept here for this browser. It is deleted: without another device of yours, nobody can be you again. What you said stays."), "");
  card.answer(_("Forget me"), async () => {
    card.done();
    leave(true);
  }, { danger: true });
  card.present(card.foot.lastChild);
}
