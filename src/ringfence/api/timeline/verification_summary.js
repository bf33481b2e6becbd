// A verification: whether it was approved, and what became of each sending of its code. No code is here.

import { facts, h } from "./dom.js";
import { clockTime, prettyNumber } from "./format.js";
import { problemCard } from "./problem.js";

export function verificationCard(timeline) {
  const hidden = timeline.opened ? null : h("p", { class: "notice" }, "This credential does not open the verification of that hour: its number stays sealed.");
  return h(
    "section",
    { class: "card summary", "aria-label": "The verification" },
    h(
      "p",
      { class: "route" },
      h("span", {}, prettyNumber(timeline.to) ?? "Sealed"),
      h("span", { class: `chip status-${timeline.status}` }, timeline.status.replaceAll("_", " ")),
    ),
    outcomeCard(timeline.outcome),
    hidden,
    facts([
      ["Verification", timeline.verification_sid],
      ["Service", timeline.service_sid],
      ["Account", timeline.account_sid],
      ["Began", clockTime(timeline.began_at)],
      ...(timeline.status === "failed" ? [] : [["Good until", clockTime(timeline.expires_at)]]),
      ...timeline.sendings.map((sending) => [sending.url ? "Code sent" : "Not sent", sent(sending)]),
    ]),
  );
}

// What support tells the customer: it needs no key, and holds nothing of the customer.
function outcomeCard({ message, cause, fix }) {
  return h(
    "div",
    { class: "outcome", role: "status" },
    h("p", { class: "outcome-title" }, message),
    h("p", {}, h("b", {}, "Cause "), cause),
    fix ? h("p", {}, h("b", {}, "Fix "), fix) : null,
  );
}

function sent(sending) {
  return h(
    "span",
    {},
    `${clockTime(sending.at)} by ${sending.channel}: ${sending.status ?? "nothing was sent"}${sending.url ? " · " : ""}`,
    sending.url ? h("a", { href: `/timeline/${sending.sid}` }, "what happened") : null,
    problemCard(sending.problem),
  );
}
