// How loud somebody is, now and in the seconds before: bars that wander, and a value for those who do not see them.

import { h } from "./dom.js";

const BARS = 25;
const SPOKEN_EVERY_MS = 1_000;

export class LevelMeter {
  #levels = new Array(BARS).fill(0);
  #spokenAt = 0;

  constructor(label, kind) {
    this.bars = this.#levels.map(() => h("i"));
    this.element = h(
      "div",
      { class: `level level-${kind}`, role: "meter", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" },
      ...this.bars,
    );
  }

  /** Take the level of this moment, 0 to 1. */
  show(level, nowMs) {
    this.#levels.push(level);
    this.#levels.shift();
    this.bars.forEach((bar, index) => bar.style.setProperty("--level", this.#levels[index].toFixed(3)));
    if (nowMs - this.#spokenAt < SPOKEN_EVERY_MS) return;
    this.#spokenAt = nowMs;
    this.element.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  }
}
