// The list of what happened. A step that did not change keeps its element, and with it focus and scroll.

import { callStep, callTone } from "./call_step.js";
import { facts, h, replace } from "./dom.js";
import { clockTime, duration, fullTime, sentence } from "./format.js";
import { problemCard } from "./problem.js";
import { webhookBody, webhookState } from "./webhook.js";

const EFFECTS = { duplicate: "Repeated: nothing changed", late: "Too late: nothing changed" };

export class Steps {
  constructor(onReplay) {
    this.element = h("ol", { class: "steps", "aria-label": "What happened" });
    this._onReplay = onReplay;
    this._drawn = new Map();
  }

  /** Draw the steps of a timeline; the answer is how many are new or changed. */
  show(timeline) {
    const start = Date.parse(timeline.steps[0]?.at);
    let changed = 0;
    timeline.steps.forEach((step, place) => {
      const key = keyOf(step, place);
      const content = JSON.stringify(step);
      const before = this._drawn.get(key);
      if (before?.content !== content) {
        changed += 1;
        const element = this._draw(step, key, start);
        if (before) replace(before.element, element);
        this._drawn.set(key, { content, element });
      }
      const { element } = this._drawn.get(key);
      if (this.element.children[place] !== element) this.element.insertBefore(element, this.element.children[place] ?? null);
    });
    return changed;
  }

  _draw(step, key, start) {
    const [title, ...details] = describe(step, key, this._onReplay);
    const time = h("time", { datetime: step.at, title: fullTime(step.at) }, clockTime(step.at));
    return h(
      "li",
      { class: `step step-${step.type}${step.kind ? ` kind-${step.kind}` : ""} ${tone(step)}` },
      h("p", { class: "step-time" }, time, h("span", { class: "since" }, `+${duration(Math.max(0, Date.parse(step.at) - start))}`)),
      h("div", { class: "step-body" }, h("h3", {}, title, step.type === "webhook" ? webhookState(step) : null), ...details.flat()),
    );
  }
}

function keyOf(step, place) {
  return step.type === "webhook" ? `webhook.${step.event_id}` : `${step.type}.${step.at}.${step.effect ?? ""}.${step.received_at ?? place}`;
}

function describe(step, key, onReplay) {
  switch (step.type) {
    case "accepted":
      return ["Accepted and written down", step.due_at ? h("p", { class: "quiet" }, `Scheduled for ${fullTime(step.due_at)}`) : null];
    case "arrived":
      return [`Arrived from ${step.carrier || "the carrier"}`, facts([["Carrier’s reference", step.carrier_ref]])];
    case "submit":
      return [
        `Handed to ${step.carrier || "the carrier"}: ${step.status}`,
        facts([["Answered after", duration(Date.parse(step.answered_at) - Date.parse(step.at))], ["Carrier’s reference", step.carrier_ref], ["In its words", step.raw]]),
        note(step),
        problemCard(step.problem),
      ];
    case "receipt":
      return [
        `Receipt: ${step.status}`,
        facts([["Came after", duration(Math.max(0, Date.parse(step.received_at) - Date.parse(step.at)))], ["In the carrier’s words", step.raw]]),
        note(step),
        problemCard(step.problem),
      ];
    case "ended":
      return [sentence(step.status), problemCard(step.problem)];
    case "began":
      return [step.direction === "inbound" ? "A call came in" : "Asked for and written down"];
    case "happened":
      return callStep(step, key);
    default:
      return [`Webhook: ${step.event.replace(/^(message|call)\./, "")}`, webhookBody(step, onReplay)];
  }
}

function note(step) {
  return EFFECTS[step.effect] ? h("p", { class: "quiet" }, EFFECTS[step.effect]) : null;
}

function tone(step) {
  if (step.type === "happened") return callTone(step);
  if (step.type === "webhook") return { done: "good", pending: "open", dead: "bad" }[step.state] ?? "";
  if (step.effect && step.effect !== "applied") return "faint";
  if (step.problem) return "bad";
  return step.status === "delivered" ? "good" : "";
}
