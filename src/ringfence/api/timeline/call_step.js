// One step of a call: a document, a verb, a key, a status, what was said over SIP, a request to the program.

import { disclosure, facts, h } from "./dom.js";
import { duration, plural, sentence } from "./format.js";
import { problemCard } from "./problem.js";
import { exchangeCard } from "./webhook.js";

// What of SIP and media is noted, as a person reads it; a verb's attributes keep the names that they have in TwiML.
const NAMES = {
  CallSid: "Call",
  Cause: "Ended by",
  DurationMs: "Length",
  RecordingSid: "Recording",
  SipResponseCode: "SIP status",
  call_id: "Call-ID",
  encoding: "Codec",
  jitter_ms: "Jitter",
  mos: "MOS, estimated",
  packets_late: "Packets late",
  packets_lost: "Packets lost",
  packets_received: "Packets received",
  packets_refused: "Packets refused",
  packets_sent: "Packets sent",
  round_trip_ms: "Round trip",
  route: "Route",
  source: "From",
};

const SEALED = "This credential does not open what happened here.";

/** [title, ...details] of a step; `key` names it on the page. */
export function callStep(step, key) {
  if (!step.opened) return [sentence(step.kind), h("p", { class: "quiet" }, SEALED), problemCard(step.problem)];
  switch (step.kind) {
    case "document":
      return [`Document${lines(step.text)}`, place(step), step.text ? disclosure(`${key}.text`, "TwiML", numbered(step.text)) : null, problemCard(step.problem)];
    case "webhook":
      return ["Asked the program", ...requests(step, key), problemCard(step.problem)];
    case "warning":
    case "error":
      return [sentence(step.kind), problemCard(step.problem), place(step), facts(step.fields)];
    default:
      return [heading(step), place(step), facts(step.kind === "verb" ? step.fields : step.fields.map(named)), problemCard(step.problem)];
  }
}

export function callTone(step) {
  if (step.kind === "error" || (step.problem && step.kind !== "warning")) return "bad";
  if (step.kind === "warning") return "open";
  if (step.kind === "sip" || step.kind === "media") return "faint";
  return step.kind === "status" && ["in-progress", "completed"].includes(step.text) ? "good" : "";
}

function heading(step) {
  if (step.kind === "verb") return h("code", { class: "verb" }, `<${step.text}>`);
  if (step.kind === "key") return ["Key ", h("kbd", {}, step.text)];
  return sentence(step.text || step.kind);
}

function named([name, value]) {
  const shown = name.endsWith("_ms") || name === "DurationMs" ? duration(Number(value)) : value;
  return [NAMES[name] ?? sentence(name.replaceAll("_", " ")), shown];
}

function requests(step, key) {
  const exchanges = step.exchanges ?? [];
  const longest = Math.max(0, ...exchanges.map((exchange) => exchange.timing.total_ms ?? 0));
  return [
    ...exchanges.map((exchange, number) => exchangeCard(exchange, `${key}.${number}`, longest)),
    step.exchanges_left_out ? h("p", { class: "quiet" }, `${plural(step.exchanges_left_out, "further request")} left out`) : null,
  ];
}

function place(step) {
  if (!step.line && !step.document_url) return null;
  const where = step.line ? `Line ${step.line}, column ${step.column}` : "";
  const from = step.document_url ? h("code", { class: "url" }, step.document_url) : null;
  return h("p", { class: "quiet" }, where, where && from ? " of " : null, from);
}

function lines(text) {
  return text ? ` of ${plural(text.trimEnd().split("\n").length, "line")}` : "";
}

/** A document with its line numbers, so that "line 3" can be found. */
function numbered(text) {
  const rows = text.trimEnd().split("\n").map((line) => h("span", { class: "code-line" }, `${line}\n`));
  return h("pre", { class: "bytes numbered", tabindex: "0", "aria-label": "Document" }, ...rows);
}
