// Files that a person saves out of this frame. Their addresses are of this origin: no console can read what is behind them.

import { csvText } from "./csv.js";
import { h } from "./dom.js";

// The latest file alone is kept: those before it were of what is shown no more.
let kept = null;

/** The address of a file, as long as no other is made. */
export function addressOf(parts, type) {
  if (kept) URL.revokeObjectURL(kept);
  kept = URL.createObjectURL(new Blob(parts, { type }));
  return kept;
}

/** A button that saves a table as CSV. `rows` gives its cells when it is pressed. */
export const savesTable = (name, heads, rows) => savesParts(name, "Save as CSV", () => [csvText(heads, rows())]);

/** The same for CSV that is there in parts, under a label of its own. */
export function savesParts(name, label, parts) {
  const save = () => {
    const link = h("a", { href: addressOf(parts(), "text/csv;charset=utf-8"), download: `${name}.csv` });
    link.click();
  };
  return h("p", {}, h("button", { type: "button", class: "plain", onclick: save }, label));
}
