// Owns what must be known before the first paint: theme, size of text, language of the page.
// Must not know anything else; everything that can wait for the modules waits for them.
"use strict";
(function () {
  const root = document.documentElement;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("causette.settings")) || {};
  } catch (_error) {
    // No storage, or somebody else's words in it: as at the first visit.
  }
  if (kept.theme === "light" || kept.theme === "dark") root.dataset.theme = kept.theme;
  if (kept.size >= 80 && kept.size <= 200) root.style.fontSize = kept.size + "%";
  const asked = kept.lang || (navigator.languages || [navigator.language || "en"])[0];
  root.lang = String(asked).toLowerCase().startsWith("fr") ? "fr" : "en";
})();
