// A round picture made of an address: always the same colour for the same number.

import { h } from "./dom.js";
import { hue, initials } from "./format.js";

export function avatar(address, label, size = "") {
  const element = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials(label));
  element.style.setProperty("--hue", hue(address));
  return element;
}
