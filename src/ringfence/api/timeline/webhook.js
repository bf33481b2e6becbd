// One event that the program is told: its attempts, and in each what was asked, signed and answered.

import { disclosure, facts, h } from "./dom.js";
import { clockTime, duration, plural } from "./format.js";
import { findingCard, problemCard } from "./problem.js";
import { legend, waterfall } from "./waterfall.js";

const STATES = { done: "Told", pending: "To be told", dead: "Given up" };

export function webhookBody(step, onReplay) {
  const longest = Math.max(0, ...step.attempts.flatMap((attempt) => (attempt.exchanges ?? []).map((exchange) => exchange.timing.total_ms ?? 0)));
  const timed = step.attempts.some((attempt) => attempt.exchanges?.length);
  return [
    ...step.attempts.map((attempt, place) => attemptCard(attempt, `${step.event_id}.${place}`, place, longest)),
    timed ? legend() : null,
    step.next_attempt_at && step.attempts.length ? h("p", { class: "quiet" }, `Next attempt at ${clockTime(step.next_attempt_at)}`) : null,
    step.state === "pending" ? null : h("button", { type: "button", class: "action replay", "data-focus": `replay.${step.event_id}`, onclick: (event) => onReplay(step, event.currentTarget) }, "Replay"),
  ];
}

export function webhookState(step) {
  return h("span", { class: `chip webhook-${step.state}` }, STATES[step.state] ?? step.state);
}

function attemptCard(attempt, key, place, longest) {
  const exchanges = attempt.exchanges ?? [];
  return h(
    "section",
    { class: "attempt", "aria-label": `Attempt ${place + 1}` },
    h(
      "p",
      { class: "attempt-head" },
      h("b", {}, `Attempt ${place + 1}`),
      h("span", { class: `chip answer-${Math.floor((attempt.http_status ?? 0) / 100)}` }, attempt.http_status ? `HTTP ${attempt.http_status}` : "No answer"),
      h("span", { class: "quiet" }, `${clockTime(attempt.at)} · ${duration(attempt.duration_ms)}`),
    ),
    // An exchange says more exactly what the attempt says of itself.
    exchanges.some((exchange) => exchange.problem || exchange.findings.length) ? null : problemCard(attempt.problem),
    attempt.exchanges === null ? h("p", { class: "quiet" }, "Request and answer were not kept, or this credential does not open them.") : null,
    ...exchanges.map((exchange, number) => exchangeCard(exchange, `${key}.${number}`, longest)),
    attempt.exchanges_left_out ? h("p", { class: "quiet" }, `${plural(attempt.exchanges_left_out, "further request")} left out`) : null,
    attempt.replies.length ? h("p", { class: "replies" }, "Replied with ", ...attempt.replies.map((sid) => h("a", { href: `/timeline/${sid}` }, sid))) : null,
  );
}

export function exchangeCard(exchange, key, longest) {
  const { request, response } = exchange;
  return h(
    "div",
    { class: "exchange" },
    h("p", { class: "exchange-head" }, h("b", {}, request.method), h("code", { class: "url" }, request.url)),
    waterfall(exchange, longest),
    problemCard(exchange.problem),
    ...exchange.findings.map(findingCard),
    h(
      "div",
      { class: "disclosures" },
      disclosure(`${key}.request`, `Request · ${plural(request.parameters.length, "parameter")}`, facts(request.parameters)),
      disclosure(
        `${key}.signature`,
        "Signature",
        h("p", { class: "quiet" }, "X-Twilio-Signature is the HMAC-SHA1, keyed with your Auth Token, of exactly this: the URL, then the parameters by name."),
        pre(request.signature_base ?? "The URL was none.", "What was signed"),
        facts([["X-Twilio-Signature", request.signature]]),
      ),
      response ? disclosure(`${key}.response`, `Answer · ${response.status} · ${plural(response.body_bytes, "byte")}`, facts(response.headers), response.body ? pre(response.body, "Body") : h("p", { class: "quiet" }, "No body"), response.truncated ? h("p", { class: "quiet" }, `The beginning of ${plural(response.body_bytes, "byte")}`) : null) : null,
      disclosure(`${key}.timing`, `Timing · ${exchange.connection} connection`, timingTable(exchange)),
    ),
  );
}

function timingTable({ timing }) {
  const rows = { "DNS": "dns_ms", "TCP": "tcp_ms", "TLS": "tls_ms", "First byte": "first_byte_ms", "In all": "total_ms" };
  return facts(Object.entries(rows).map(([label, name]) => [label, timing[name] === null ? null : duration(timing[name])]));
}

function pre(text, label) {
  return h("pre", { class: "bytes", tabindex: "0", "aria-label": label }, text);
}
