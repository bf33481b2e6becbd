// What a program was told, attempt by attempt: what was asked and answered, and where the time of it went.

import { h } from "./dom.js";
import { howMany } from "./how_many.js";
import { duration, momentUtc } from "./times.js";

const STATES = { done: "told", pending: "to be told", dead: "given up" };
const PHASES = ["DNS", "TCP", "TLS", "First byte"];
const decoder = new TextDecoder();

/** What was said in each attempt of an event {id, of, attempts}, or null: `read` is a field reader for `record`. */
export const openTold = (read, record, event) =>
  Promise.all(event.attempts.map((attempt) => read(record, `attempt:${event.id}`, attempt.detail)));

/** An event's name and state, in words. */
export const titleOf = (event) => `Webhook ${event.kind}: ${STATES[event.state] ?? event.state}`;

/** Its attempts, each with what `said` holds of it. */
export const attemptsOf = (event, said) => event.attempts.map((attempt, place) => attemptCard(attempt, said[place], place + 1));

function attemptCard(attempt, said, number) {
  const outcome = attempt.http_status ? `HTTP ${attempt.http_status}` : "no answer";
  return h(
    "section",
    { class: "attempt", "aria-label": `Attempt ${number}` },
    h(
      "p",
      {},
      h("strong", {}, `Attempt ${number}`),
      " ",
      h("span", { class: attempt.state === "done" ? "good" : "bad" }, outcome),
      " ",
      momentUtc(attempt.at_ms),
      `, ${duration(attempt.duration_ms)}`,
      attempt.error_code ? `, error ${attempt.error_code}` : "",
    ),
    ...(said ? saidOf(said) : [h("p", { class: "closed" }, attempt.detail ? "Not open: other keys sealed it." : "What was said is not kept.")]),
  );
}

/** The requests of one attempt as it is written down: [exchanges, findings, replies, left out, cause]. */
export function saidOf([exchanges, findings, replies, leftOut, cause]) {
  return [
    ...exchanges.map(exchangeCard),
    ...findings.map(([, code, message, line]) => h("p", { class: "bad" }, code ? `${code}: ` : "", message, line ? ` Line ${line}.` : "")),
    cause ? h("p", {}, cause) : null,
    replies.length ? h("p", {}, `Answered with ${replies.join(", ")}`) : null,
    leftOut ? h("p", { class: "closed" }, `${howMany(leftOut, "more request is", "more requests are")} left out.`) : null,
  ];
}

function exchangeCard(exchange) {
  const [, method, url, body, , status, headers, answer, answerBytes, reused, dns, tcp, tls, firstByte, total, code, cause] = exchange;
  const taken = [dns, tcp, tls, firstByte];
  const phases = PHASES.filter((_, place) => taken[place] !== null).map((name) => `${name} ${duration(taken[PHASES.indexOf(name)])}`);
  return h(
    "div",
    { class: "exchange" },
    h("p", {}, h("strong", {}, method), " ", h("code", {}, url), status === null ? "" : ` → ${status}`),
    h("p", { class: "phases" }, [...phases, `in all ${duration(total)}`, reused ? "on a kept connection" : ""].filter(Boolean).join(", ")),
    code || cause ? h("p", { class: "bad" }, [code, cause].filter(Boolean).join(": ")) : null,
    bytes("Request", body, body.length),
    status === null ? null : bytes(`Answer, ${howMany(headers.length, "header")}`, answer, answerBytes),
  );
}

function bytes(name, kept, length) {
  const cut = kept.length < length ? `, the first ${kept.length} of ${howMany(length, "byte")}` : `, ${howMany(length, "byte")}`;
  return h("details", {}, h("summary", {}, `${name}${cut}`), h("pre", { tabindex: "0", "aria-label": name }, decoder.decode(kept)));
}
