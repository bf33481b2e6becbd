// Twelve keys, by finger, mouse and keyboard.

import { h } from "./dom.js";

const KEYS = [["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"], ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""]];
const NAMES = { "*": "star", "#": "pound" };

/** A group of keys; `onKey(key)` for each that is pressed. */
export function keypad(onKey, label) {
  const buttons = KEYS.map(([key, letters]) =>
    h(
      "button",
      { type: "button", class: "key", "data-key": key, "aria-label": NAMES[key] ?? key, onclick: () => onKey(key) },
      h("span", { class: "key-digit" }, key),
      h("span", { class: "key-letters" }, letters),
    ),
  );
  return h("div", { class: "keypad", role: "group", "aria-label": label }, ...buttons);
}

/** The key of a keyboard event, or null. */
export function typedKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return /^[0-9*#]$/.test(event.key) ? event.key : null;
}
