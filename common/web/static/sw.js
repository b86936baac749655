// Owns the click on a notification: the page that is open comes forward, or one is opened. Keeps no
// copy of anything and answers no request of the page: what is shown is always the server's.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(comeForward(event.notification.data?.room || ""));
});

async function comeForward(room) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages[0];
  if (!page) {
    await self.clients.openWindow("/");
    return;
  }
  await page.focus();
  page.postMessage({ room });
}
