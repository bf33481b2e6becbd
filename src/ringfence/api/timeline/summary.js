// The text itself, above what happened to it.

import { facts, h } from "./dom.js";
import { prettyNumber } from "./format.js";
import { problemCard } from "./problem.js";

export function summaryCard(timeline) {
  const hidden = timeline.opened ? null : h("p", { class: "notice" }, "This credential does not open the text of that hour: numbers, words, requests and answers stay sealed.");
  const redacted = timeline.redacted ? h("p", { class: "quiet" }, "Redacted: what was said is gone; times and statuses stay.") : null;
  return h(
    "section",
    { class: "card summary", "aria-label": "The text" },
    h(
      "p",
      { class: "route" },
      h("span", {}, prettyNumber(timeline.from) ?? "Sealed"),
      h("span", { class: "arrow", "aria-label": "to" }, "→"),
      h("span", {}, prettyNumber(timeline.to) ?? "Sealed"),
      h("span", { class: `chip status-${timeline.status}` }, timeline.status),
    ),
    timeline.body ? h("p", { class: "words", dir: "auto" }, timeline.body) : null,
    hidden,
    redacted,
    problemCard(timeline.problem),
    facts([["Message", timeline.message_sid], ["Account", timeline.account_sid], ["Direction", timeline.direction]]),
  );
}
