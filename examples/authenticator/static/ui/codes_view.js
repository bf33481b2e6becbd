// The list of accounts with their codes and how long each still counts.

import { codeAt, remainingMs, stepAt } from "../otp/totp.js";
import { accountOf, living, withRemoved } from "../vault.js";
import { addAccount } from "./add_account.js";
import { announce, drawing, grouped, h, icon, openDialog } from "./dom.js";

const TICK_MS = 250;
const HURRY_MS = 5_000;
const RING = "M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19";

export function codesView(session) {
  const list = h("ul", { class: "codes" });
  const empty = h(
    "div",
    { class: "empty" },
    icon("codes"),
    h("h2", {}, "No accounts yet"),
    h("p", {}, "Add the first one: the site shows a QR code or a secret when you turn on two-step sign-in."),
  );
  const add = h("button", { class: "primary add", onclick: () => addAccount(session) }, icon("plus"), "Add an account");
  const element = h("section", { "aria-label": "Codes" }, empty, list, add);
  const rows = new Map();

  const update = () => {
    const entries = living(session.state?.entries ?? []).sort((a, b) => titleOf(a).localeCompare(titleOf(b)));
    for (const [id, row] of rows) {
      if (!entries.some((entry) => entry.id === id)) {
        row.element.remove();
        rows.delete(id);
      }
    }
    for (const entry of entries) if (!rows.has(entry.id)) rows.set(entry.id, codeRow(session, entry));
    list.replaceChildren(...entries.map((entry) => rows.get(entry.id).element));
    empty.hidden = entries.length > 0;
    tick();
  };
  const tick = () => rows.forEach((row) => row.tick(Date.now()));
  setInterval(tick, TICK_MS);
  return { element, update };
}

function codeRow(session, entry) {
  const account = accountOf(entry);
  const code = h("span", { class: "code mono" });
  const left = h("span", { class: "left" });
  const ring = drawing("ring", ["track", RING], ["rest", RING]);
  const rest = ring.querySelector(".rest");
  let shown = "";
  let step = -1;
  const copy = h(
    "button",
    {
      class: "copy",
      onclick: async () => {
        await navigator.clipboard.writeText(shown);
        announce(`Copied the code for ${titleOf(entry)}.`);
      },
    },
    h("span", { class: "visually-hidden" }, "Copy the code for "),
    h("span", { class: "issuer" }, titleOf(entry)),
    h("span", { class: "name" }, entry.issuer ? entry.name : ""),
    code,
  );
  const remove = h("button", { class: "quiet", "aria-label": `Remove ${titleOf(entry)}`, onclick: () => removeAccount(session, entry) }, icon("bin"));
  const element = h("li", { class: "card account" }, copy, h("span", { class: "timer" }, ring, left), remove);
  return {
    element,
    async tick(now_ms) {
      const rest_ms = remainingMs(account, now_ms);
      rest.style.setProperty("--left", String(rest_ms / (account.period_s * 1000)));
      left.textContent = `${Math.ceil(rest_ms / 1000)} s`;
      element.classList.toggle("hurry", rest_ms < HURRY_MS);
      const current = stepAt(account, now_ms);
      if (current === step) return;
      step = current;
      shown = await codeAt(account, now_ms);
      code.textContent = grouped(shown);
    },
  };
}

function removeAccount(session, entry) {
  openDialog(`Remove ${titleOf(entry)}?`, {
    content: h("p", {}, "Its codes are gone from all your devices. Turn off two-step sign-in at the site first, or you may not get in again."),
    action: "Remove",
    danger: true,
    submit: () => session.change((state) => (state.entries = withRemoved(state.entries, entry.id, Date.now()))),
  });
}

const titleOf = (entry) => entry.issuer || entry.name;
