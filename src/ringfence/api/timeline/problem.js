// An error by Twilio's number, with its cause and its fix; and the line of TwiML that is at fault.

import { h } from "./dom.js";
import { sentence } from "./format.js";

export function problemCard(problem) {
  if (!problem) return null;
  const link = problem.more_info ? h("a", { href: problem.more_info, rel: "noreferrer", target: "_blank" }, String(problem.code)) : null;
  return h(
    "div",
    { class: "problem" },
    h("p", { class: "problem-title" }, link, link ? " " : null, sentence(problem.message)),
    problem.cause ? h("p", {}, h("b", {}, "Cause "), problem.cause) : null,
    problem.fix ? h("p", {}, h("b", {}, "Fix "), problem.fix) : null,
  );
}

export function findingCard({ problem, line, column, quote }) {
  const place = line ? h("p", { class: "quiet" }, `Line ${line}, column ${column}`) : null;
  const text = quote?.text ?? "";
  const quoted = quote
    ? h("pre", { class: "quote", tabindex: "0", "aria-label": `Line ${line}` }, text.slice(0, quote.column - 1), h("mark", {}, text.slice(quote.column - 1) || " "))
    : null;
  return h("div", { class: "finding" }, problemCard(problem), place, quoted);
}
