// Where the time of one request went, as a bar; the same in words for whoever does not see it.

import { h } from "./dom.js";
import { duration } from "./format.js";

export const PHASES = [
  ["dns", "DNS"],
  ["tcp", "TCP"],
  ["tls", "TLS"],
  ["first_byte", "First byte"],
  ["rest", "Rest"],
];

/** The phases that happened, in order: [name, label, milliseconds]. What no phase accounts for is the rest. */
export function phasesOf(timing) {
  const known = PHASES.slice(0, 4).map(([name, label]) => [name, label, timing[`${name}_ms`]]);
  const happened = known.filter(([, , ms]) => ms !== null);
  const rest = (timing.total_ms ?? 0) - happened.reduce((sum, [, , ms]) => sum + ms, 0);
  return rest > 0.05 ? [...happened, ["rest", "Rest", rest]] : happened;
}

/** The bar of one exchange; `longest` milliseconds are its whole width. */
export function waterfall(exchange, longest) {
  const phases = phasesOf(exchange.timing);
  const total = exchange.timing.total_ms;
  const words = phases.map(([, label, ms]) => `${label} ${duration(ms)}`).join(", ");
  const bar = h("div", { class: "waterfall", role: "img", "aria-label": total === null ? "No timing" : `${words}; ${duration(total)} in all` });
  for (const [name, label, ms] of phases) {
    const part = h("i", { class: `phase phase-${name}`, title: `${label} ${duration(ms)}` });
    part.style.setProperty("flex-basis", `${Math.max(0.4, (100 * ms) / Math.max(longest, 0.001))}%`);
    bar.append(part);
  }
  return h("div", { class: "timing" }, bar, h("span", { class: "total", "aria-hidden": "true" }, duration(total)));
}

export function legend() {
  return h("ul", { class: "legend", "aria-hidden": "true" }, ...PHASES.map(([name, label]) => h("li", {}, h("i", { class: `phase phase-${name}` }), label)));
}
