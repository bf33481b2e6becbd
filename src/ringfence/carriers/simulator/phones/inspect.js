// What a text was made of: encoding, parts, states and references.

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

const LIMITS = { "GSM-7": { unit: "septet", alone: 160, part: 153 }, "UCS-2": { unit: "UTF-16 unit", alone: 70, part: 67 } };

export function inspectText(text) {
  openDialog("Text", () => [summary(text), parts(text), facts(text)]);
}

function summary(text) {
  const limit = LIMITS[text.encoding];
  const room = text.segments > 1 ? limit.part * text.segments : limit.alone;
  const used = h("i");
  used.style.setProperty("width", `${Math.min(100, (100 * text.units) / room)}%`);
  const bar = h("div", { class: "room", "aria-hidden": "true" }, used);
  return h(
    "div",
    { class: "summary" },
    h("p", { class: "chips" }, h("span", { class: "chip strong" }, plural(text.segments, "segment")), h("span", { class: "chip" }, text.encoding), h("span", { class: `chip state-${text.status}` }, stateWords(text))),
    bar,
    h("p", { class: "quiet" }, `${plural(text.units, limit.unit)} of ${room}`),
    text.encoding === "UCS-2" ? h("p", { class: "quiet" }, reason(text.body)) : null,
  );
}

/** Which character made the text leave GSM-7: the question behind most surprising bills. */
function reason(body) {
  const odd = [...new Set([...body].filter((char) => !GSM7.has(char)))].slice(0, 5);
  return odd.length ? `Not in GSM-7: ${odd.map((char) => `“${char}” (U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")})`).join(", ")}` : "";
}

// 3GPP TS 23.038, clause 6.2.1 and its extension table.
const GSM7 = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€");

function parts(text) {
  if (text.parts.length < 2) return null;
  const rows = text.parts.map((part) => h("li", { dir: "auto" }, part));
  return h("section", { class: "cut" }, h("h3", {}, "How it is cut"), h("ol", { class: "cut-parts" }, ...rows));
}

function facts(text) {
  const rows = [
    ["From", text.from],
    ["To", text.to],
    [text.direction === "inbound" ? "Sent" : "Last change", text.at],
    ["Error", text.error_code ? `${text.error_code} ${text.error_message ?? ""}` : null],
    ["Message SID", text.sid],
    // One tab for all of them, so that signing in once is enough.
    ["What happened", text.sid ? h("a", { href: `/timeline/${text.sid}`, target: "ringfence-timeline" }, "Timeline") : null],
    ["Carrier’s reference", text.id],
  ];
  return h("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function stateWords(text) {
  if (text.direction === "inbound") return text.status === "delivered" ? "Taken by the platform" : "Waiting for the platform";
  return { sending: "On its way", delivered: "On the handset", undelivered: "Not delivered" }[text.status] ?? text.status;
}
