// When an API key ends by itself: days from now, or a time that a person names.

import { h } from "./dom.js";
import { wrongIn } from "./key_scope.js";
import { shownTime } from "./times.js";

const DAY_MS = 86_400_000;
const LIFE_MAX_MS = 3_660 * DAY_MS;
const NAMED = "named";
const LIVES = [
  ["0", "When it is revoked"],
  ["1", "In a day"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  [NAMED, "At a time that you name"],
];

/**
 * A choice: its elements, and `read`, {words, ends_ms}: 0 for never, and null where one of `before` was chosen, which are
 * [value, words] pairs of what stands above the others.
 */
export function lifeChoice(before = []) {
  const life = h("select", { id: "life" }, [...before, ...LIVES].map(([value, words]) => h("option", { value }, words)));
  const at = h("input", { id: "ends", type: "datetime-local" });
  const named = h("div", { hidden: true }, h("label", { for: "ends" }, "At (UTC)"), at);
  life.addEventListener("change", () => {
    named.hidden = life.value !== NAMED;
  });
  const read = () => {
    const kept = before.find(([value]) => value === life.value);
    if (kept) return { words: kept[1], ends_ms: null };
    if (life.value === "0") return { words: "It is revoked", ends_ms: 0 };
    const ends_ms = life.value === NAMED ? timeIn(at) : Date.now() + Number(life.value) * DAY_MS;
    return { words: `${shownTime(ends_ms)} UTC`, ends_ms };
  };
  return { elements: [h("label", { for: "life" }, "It ends"), life, named], read };
}

function timeIn(input) {
  const at_ms = new Date(`${input.value}Z`).getTime();
  if (!(at_ms > Date.now() && at_ms <= Date.now() + LIFE_MAX_MS)) throw wrongIn(input, "Name a time to come, within ten years.");
  return at_ms;
}
