// The call itself, above what happened to it.

import { facts, h } from "./dom.js";
import { duration, plural, prettyNumber } from "./format.js";
import { problemCard } from "./problem.js";

export function callCard(timeline) {
  const hidden = timeline.opened ? null : h("p", { class: "notice" }, "This credential does not open the call of that hour: numbers, documents and requests stay sealed.");
  return h(
    "section",
    { class: "card summary", "aria-label": "The call" },
    h(
      "p",
      { class: "route" },
      h("span", {}, party(timeline.from)),
      h("span", { class: "arrow", "aria-label": "to" }, "→"),
      h("span", {}, party(timeline.to)),
      h("span", { class: `chip status-${timeline.status}` }, timeline.status),
    ),
    hidden,
    problemCard(timeline.problem),
    facts([
      ["Call", timeline.call_sid],
      ["Account", timeline.account_sid],
      ["Direction", timeline.direction],
      ["Rang for", timeline.answered_at ? since(timeline.began_at, timeline.answered_at) : null],
      ["Talked for", timeline.answered_at && timeline.ended_at ? since(timeline.answered_at, timeline.ended_at) : null],
      ["Route", timeline.route],
      ["SIP status", timeline.sip_status],
      ["Part of", timeline.parent_call_sid ? link(timeline.parent_call_sid) : null],
      ...timeline.children.map((child) => ["Dialed", h("span", {}, link(child.sid), ` ${child.status}`)]),
      ...timeline.recordings.map((recording) => ["Recording", `${recording.sid} · ${recording.status}${recording.duration_ms === null ? "" : ` · ${duration(recording.duration_ms)}`} · ${plural(recording.channels, "channel")}`]),
    ]),
  );
}

function party(address) {
  return prettyNumber(address) ?? "Sealed";
}

function since(start, end) {
  return duration(Date.parse(end) - Date.parse(start));
}

function link(sid) {
  return h("a", { href: `/timeline/${sid}` }, sid);
}
