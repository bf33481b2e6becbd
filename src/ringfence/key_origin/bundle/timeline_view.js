// All that happened to one text or one call, in the order of time: what is clear of it, and what is opened here.

import { callRow, callTable, remoteOf } from "./calls_view.js";
import { h, show } from "./dom.js";
import { keysOf } from "./keeping.js";
import { bodyOf, textOf } from "./messages_view.js";
import { fieldReader } from "./record_fields.js";
import { linked } from "./rows.js";
import { duration, momentUtc } from "./times.js";
import { attemptsOf, openTold, saidOf, titleOf } from "./told_view.js";

const EFFECTS = { duplicate: "repeated, nothing changed", late: "too late, nothing changed" };

export const timelines = {
  /** Shows a text's life. `trail` is what its carrier said: {kind, at_ms, heard_ms, status, error_code, raw, effect}. */
  async show_text({ account, record, epochs, trail, told }) {
    return showText(fieldReader(await keysOf(account), account, epochs), { record, trail, told });
  },

  /**
   * Shows a call's life. `steps` are {at_ms, kind, code, detail}, `children` calls that it made, `recordings` SIDs;
   * `at` is where the page of one call is, `sounds` that of recordings.
   */
  async show_call({ account, epochs, ...call }) {
    return showCall(fieldReader(await keysOf(account), account, epochs), call);
  },
};

/** A text's life, as `show_text` has it: `read` is a field reader. */
export async function showText(read, { record, trail, told }) {
  const content = textOf(await read(record, "content", record.content));
  const steps = [...trail.map(carrierStep), ...(await toldSteps(read, record, told))];
  showRecord([...factsOf(record, content?.remote), ["Text", h("span", { class: "text" }, bodyOf(record, content))]], steps);
  return { steps: steps.length };
}

/** A call's life, as `show_call` has it: `read` is a field reader. */
export async function showCall(read, { record, steps, told, children = [], recordings = [], at = "", sounds = "" }) {
  const content = await read(record, "content", record.content);
  const details = await Promise.all(steps.map((step) => read(record, "step", step.detail)));
  const shown = [...steps.map((step, place) => callStep(step, details[place])), ...(await toldSteps(read, record, told))];
  const legs = await Promise.all(children.map((child) => read(child, "content", child.content)));
  const facts = factsOf(record, content && remoteOf(record, content));
  showRecord(
    [
      ...facts,
      ["Length", record.duration_ms === null ? "" : duration(record.duration_ms)],
      ["Recordings", recordings.map((sid) => h("a", linked(`${sounds}?call=${record.sid}`), sid, " "))],
    ],
    shown,
    children.length ? [h("h2", {}, "Calls that it made"), callTable(children.map((child, place) => callRow(child, legs[place], String(at))))] : [],
  );
  return { steps: shown.length };
}

function factsOf(record, remote) {
  const inbound = record.direction === "inbound";
  const other = remote ?? "not open";
  return [
    ["SID", h("code", {}, record.sid)],
    ["From", inbound ? other : record.local],
    ["To", inbound ? record.local : other],
    ["Status", h("span", { class: `status ${record.status}` }, record.status, record.error_code ? ` ${record.error_code}` : "")],
    ["Made", momentUtc(record.created_ms)],
    ["Price", record.price],
  ];
}

function showRecord(facts, steps, more = []) {
  const kept = facts.filter(([, value]) => value && value.length !== 0);
  const inOrder = [...steps].sort((one, other) => one.at_ms - other.at_ms);
  show(
    h("dl", { class: "facts" }, kept.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("h2", {}, "What happened"),
    inOrder.length ? h("ol", { class: "steps" }, inOrder.map(stepRow)) : h("p", {}, "Nothing is kept of it."),
    ...more,
  );
}

const stepRow = ({ at_ms, title, bad, body }) => h("li", {}, h("p", {}, momentUtc(at_ms), " ", h("strong", { class: bad ? "bad" : null }, title)), ...body);

function carrierStep({ kind, at_ms, heard_ms, status, error_code, raw, effect }) {
  const submit = kind === "submit";
  const late = EFFECTS[effect] ? `, ${EFFECTS[effect]}` : "";
  return {
    at_ms: submit ? at_ms : heard_ms,
    title: `${submit ? "Handed to the carrier" : "Receipt"}: ${status}${late}`,
    bad: error_code !== null,
    body: [error_code ? h("p", { class: "bad" }, `Error ${error_code}`) : null, submit ? h("p", {}, `Answered after ${duration(heard_ms - at_ms)}`) : null, raw ? h("p", {}, h("code", {}, raw)) : null],
  };
}

function callStep({ at_ms, kind, code, detail }, said) {
  const bad = kind === "error" || kind === "warning";
  const problem = code ? h("p", { class: "bad" }, `Error ${code}`) : null;
  if (said === null) return { at_ms, title: kind, bad, body: [detail ? h("p", { class: "closed" }, "Not open: other keys sealed it.") : null, problem] };
  const [text, line, column, url, fields, attempt] = said;
  const document = kind === "document";
  return {
    at_ms,
    title: document ? "Document" : `${kind}${text ? `: ${text}` : ""}`,
    bad,
    body: [
      problem,
      line ? h("p", { class: "closed" }, `Line ${line}, column ${column}`) : null,
      url ? h("p", {}, h("code", {}, url)) : null,
      document && text ? h("details", {}, h("summary", {}, "TwiML"), h("pre", { tabindex: "0", "aria-label": "TwiML" }, text)) : null,
      fields.length ? h("p", {}, fields.map(([name, value]) => `${name} ${value}`).join(", ")) : null,
      ...(attempt ? saidOf(attempt) : []),
    ],
  };
}

const toldSteps = (read, record, told) =>
  Promise.all(
    told.map(async (event) => ({
      at_ms: event.at_ms,
      title: titleOf(event),
      bad: event.state === "dead",
      body: attemptsOf(event, await openTold(read, record, event)),
    })),
  );
