// A call in a conversation: that it was, how long, or that it was missed.

import { h, icon } from "./dom.js";
import { clockTime, duration } from "./format.js";

/** What the log is told of a call that is over. */
export function callToLog(call) {
  return {
    id: crypto.randomUUID(),
    peer: call.peer,
    direction: call.direction,
    outcome: call.answeredAt === null ? call.outcome : "answered",
    began_ms_ago: Math.max(0, call.endedAt - call.begunAt),
    length_ms: call.answeredAt === null ? 0 : Math.max(0, call.endedAt - call.answeredAt),
    sid: /^CA[0-9a-f]{32}$/.test(call.sid) ? call.sid : null,
  };
}

/** A call in a few words. */
export function callWords(call) {
  const name = call.direction === "incoming" ? "Incoming call" : "Outgoing call";
  if (call.outcome === "answered") return `${name} · ${duration(call.length_ms)}`;
  return call.outcome === "missed" ? "Missed call" : `${name} · ${call.outcome}`;
}

export function callRow(call) {
  const missed = call.outcome === "missed";
  // One tab for all of them, so that signing in once is enough.
  const timeline = call.sid ? h("a", { href: `/timeline/${call.sid}`, target: "ringfence-timeline", "aria-label": "Timeline of this call" }, "Timeline") : null;
  return h(
    "li",
    { class: `call-row${missed ? " missed" : ""}`, "data-id": call.id },
    h("span", { class: "call-pill" }, icon(missed ? "missed" : call.direction), callWords(call), h("time", { datetime: call.at }, clockTime(call.at)), timeline),
  );
}
