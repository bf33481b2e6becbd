// Times, and lengths of time, as people read them.

import { h } from "./dom.js";

/** Unix milliseconds to the second in UTC, as the pages around this frame have it: 2026-11-29 10:00:01. */
export const shownTime = (at_ms) => new Date(at_ms).toISOString().slice(0, 19).replace("T", " ");

/** The same as an element, for what says already that it is UTC. */
export const moment = (at_ms) => timed(at_ms, shownTime(at_ms));

/** The same where nothing says so yet. */
export const momentUtc = (at_ms) => timed(at_ms, `${shownTime(at_ms)} UTC`);

const timed = (at_ms, words) => h("time", { datetime: new Date(at_ms).toISOString() }, words);

/** 0.4 ms, 12 ms, 1.25 s, 2 min 5 s; – where there is none. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 10) / 100} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
