// Owns how a menu is asked for at a row: the right button, the menu key, a long press. Must not know
// which menu.

const LONG = 500;
const SHAKY = 10;

/**
 * Call `ask({x, y} or null, target)` when a menu is wanted somewhere in this element. `leave(event)`:
 * whether the browser's own menu is of more use there.
 */
export function held(element, ask, leave = () => false) {
  let timer = 0;
  let start = null;
  let just = 0;

  const forget = () => clearTimeout(timer);
  const wanted = (place, target) => {
    just = Date.now();
    ask(place, target);
  };
  element.addEventListener("contextmenu", (event) => {
    forget();
    if (leave(event)) return;
    event.preventDefault();
    // A long press that was timed here, and the menu key, may be told of by the browser as well.
    if (Date.now() - just < LONG) return;
    const byKey = event.clientX === 0 && event.clientY === 0;
    ask(byKey ? null : { x: event.clientX, y: event.clientY }, event.target);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey)) return;
    event.preventDefault();
    wanted(null, event.target);
  });
  // Not every phone tells of a long press.
  element.addEventListener("pointerdown", (event) => {
    forget();
    if (event.pointerType !== "touch" || leave(event)) return;
    start = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      navigator.vibrate?.(10);
      wanted(start, event.target);
    }, LONG);
  });
  element.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > SHAKY) forget();
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) element.addEventListener(end, forget);
  // The click that ends a long press is none.
  element.addEventListener("click", (event) => {
    if (Date.now() - just > LONG || event.detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}
