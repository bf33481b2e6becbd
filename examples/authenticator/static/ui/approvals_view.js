// What programs ask: one card a question, with what must be read before it is answered.

import { when } from "./devices_view.js";
import { announce, field, h, icon } from "./dom.js";

export function approvalsView(session, approvals) {
  const element = h("section", { "aria-label": "Approvals" });
  let shown = "";
  const update = () => {
    if (!session.state) return;
    const now = JSON.stringify([Boolean(session.state.member), session.state.approvals, approvals.pending, approvals.problem?.code]);
    if (now === shown) return;
    shown = now;
    element.replaceChildren(...cards(session, approvals));
  };
  approvals.addEventListener("change", update);
  return { element, update };
}

function cards(session, approvals) {
  if (!session.state.member) return [empty("Approvals need an account", "Start with this device under Devices first.")];
  if (!approvals.state) {
    return [
      h(
        "div",
        { class: "card stack" },
        h("h2", {}, "Approve instead of typing"),
        h("p", {}, "A site asks here, and you approve or deny. What you approve is signed by this device, so nobody on the way can approve for you."),
        h("button", { class: "primary", onclick: (event) => turnOn(approvals, event.target) }, "Turn approvals on"),
      ),
    ];
  }
  const { problem } = approvals;
  return [
    ...(approvals.pending.length ? approvals.pending.map((challenge) => card(approvals, challenge)) : [empty("Nothing to approve", "When a site asks, it is here while the app is open.")]),
    problem && h("p", { class: "muted", role: "status" }, problem.message),
    h(
      "details",
      { class: "card" },
      h("summary", {}, "For the site"),
      h("p", { class: "muted" }, "Identity"),
      h("p", { class: "mono wrap" }, session.state.member.account),
      h("p", { class: "muted" }, "Factor"),
      h("p", { class: "mono wrap", id: "factor" }, approvals.state.factor_sid),
    ),
  ].filter(Boolean);
}

function card(approvals, challenge) {
  const { message = "", fields = [] } = challenge.details ?? {};
  const number = field("Number on the site's page", { name: "number", inputmode: "numeric", maxlength: 2, size: 2 }, "If it shows one. A page that you did not open yourself must not get your approval.");
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const buttons = [
    h("button", { class: "danger", onclick: () => give("denied") }, "Deny"),
    h("button", { class: "primary", onclick: () => give("approved") }, "Approve"),
  ];
  const give = async (status) => {
    problem.hidden = true;
    buttons.forEach((button) => (button.disabled = true));
    try {
      await approvals.answer(challenge, status, status === "approved" ? number.querySelector("input").value.trim() : "");
      announce(status === "approved" ? "Approved." : "Denied.");
    } catch (error) {
      if (!error.code) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      buttons.forEach((button) => (button.disabled = false));
    }
  };
  return h(
    "article",
    { class: "card stack" },
    h("h2", {}, message),
    h("dl", { class: "facts" }, fields.map(({ label, value }) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))),
    h("p", { class: "muted" }, `Asked ${when(challenge.created_ms)}, until ${when(challenge.expires_ms)}. Deny what you did not begin.`),
    number,
    problem,
    h("div", { class: "actions" }, buttons),
  );
}

async function turnOn(approvals, button) {
  button.disabled = true;
  try {
    await approvals.turnOn();
  } catch (error) {
    if (!error.code) throw error;
    announce(error.message);
  } finally {
    button.disabled = false;
  }
}

function empty(title, words) {
  return h("div", { class: "empty" }, icon("approvals"), h("h2", {}, title), h("p", {}, words));
}
