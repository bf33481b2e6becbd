// A call in a conversation: that it was, how long, or that it was missed.

import { h, icon } from "./dom.js";
import { clockTime, duration } from "./format.js";

/** What the log keeps of a call that is over. */
export function loggedCall(call) {
  return {
    id: crypto.randomUUID(),
    peer: call.peer,
    direction: call.direction,
    at: new Date(call.begunAt).toISOString(),
    outcome: call.answeredAt === null ? call.outcome : "answered",
    lengthMs: call.answeredAt === null ? 0 : call.endedAt - call.answeredAt,
  };
}

/** A call in a few words. */
export function callWords(call) {
  const name = call.direction === "incoming" ? "Incoming call" : "Outgoing call";
  if (call.outcome === "answered") return `${name} · ${duration(call.lengthMs)}`;
  return call.outcome === "missed" ? "Missed call" : `${name} · ${call.outcome}`;
}

export function callRow(call) {
  const missed = call.outcome === "missed";
  return h(
    "li",
    { class: `call-row${missed ? " missed" : ""}`, "data-id": call.id },
    h("span", { class: "call-pill" }, icon(missed ? "missed" : call.direction), callWords(call), h("time", { datetime: call.at }, clockTime(call.at))),
  );
}
