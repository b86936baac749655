// Owns how a person who looks elsewhere is called: the page's title and badge, a notification, a
// sound. Must not know what is worth a call. Notifications exist in a secure context only.

import { board, watch } from "./board.js";
import { on, send } from "./link.js";
import { settings } from "./store.js";

const EVERY = 1500;
const LENGTH = 200;

let worker = null;
let last = 0;

export function setUpNotify() {
  watch(["title", "unread", "mentions", "hello"], showTitle);
  on("call", call);
  if (!isSecureContext || !navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", (event) => open(String(event.data?.room || "")));
  if (settings.notify) register();
}

function showTitle() {
  document.title = (board.hello && board.title) || "Causette";
  const count = board.hello ? board.mentions || 0 : 0;
  if (count) navigator.setAppBadge?.(count)?.catch?.(() => {});
  else navigator.clearAppBadge?.()?.catch?.(() => {});
}

/** granted, denied, default, insecure (no secure context) or none (no such thing here). */
export function allowed() {
  if (!isSecureContext) return "insecure";
  return "Notification" in window ? Notification.permission : "none";
}

export async function askPermission() {
  if (allowed() === "default") await Notification.requestPermission();
  if (allowed() !== "granted") return false;
  await register();
  return true;
}

/** Phones show notifications only through a worker. */
async function register() {
  try {
    worker = await navigator.serviceWorker.register("/sw.js");
  } catch (_error) {
    worker = null;
  }
}

function call({ room, title, text }) {
  const now = Date.now();
  if (!document.hidden && document.hasFocus()) return;
  // A burst is one call.
  if (now - last < EVERY) return;
  last = now;
  if (settings.sound) beep();
  if (!settings.notify || allowed() !== "granted") return;
  const options = { body: String(text).slice(0, LENGTH), tag: room, icon: "/icon-192.png", data: { room } };
  if (worker?.active) worker.showNotification(title, options);
  else {
    const shown = new Notification(title, options);
    shown.addEventListener("click", () => {
      shown.close();
      window.focus();
      open(room);
    });
  }
}

function open(room) {
  if (room) send({ t: "open", room });
}

let audio = null;

/** Two soft tones, made here: no file, no other's sound. */
export function beep() {
  try {
    audio ??= new AudioContext();
    const now = audio.currentTime;
    for (const [tone, at] of [[660, 0], [880, 0.12]]) {
      const voice = audio.createOscillator();
      const volume = audio.createGain();
      voice.frequency.value = tone;
      volume.gain.setValueAtTime(0.0001, now + at);
      volume.gain.exponentialRampToValueAtTime(0.12, now + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.22);
      voice.connect(volume).connect(audio.destination);
      voice.start(now + at);
      voice.stop(now + at + 0.25);
    }
  } catch (_error) {
    audio = null;
  }
}
