// How a program sends a text to one of these handsets.

import { h } from "./dom.js";

export const DEMO_SENDER = "+12025550123";
const WORDS = "Haircut Tue 15:00. Reply C to confirm, X to cancel.";

function samples(number) {
  const base = location.origin;
  return {
    curl: `curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN" \\
  ${base}/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Messages.json \\
  --data-urlencode "To=${number}" \\
  --data-urlencode "From=${DEMO_SENDER}" \\
  --data-urlencode "Body=${WORDS}"`,
    Python: `from twilio.rest import Client

client = Client()  # TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
client.api.base_url = "${base}"
client.messages.create(
    to="${number}",
    from_="${DEMO_SENDER}",
    body="${WORDS}",
)`,
    "Node.js": `const client = require("twilio")(); // TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
client.api.baseUrl = "${base}";
client.messages.create({
  to: "${number}",
  from: "${DEMO_SENDER}",
  body: "${WORDS}",
});`,
  };
}

/** A card with the sample in each language; `number` is the handset it is sent to. */
export function firstText(number) {
  const code = h("code");
  const all = samples(number);
  const copy = h("button", { type: "button", class: "copy", onclick: async () => {
    await navigator.clipboard.writeText(code.textContent);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1_500);
  } }, "Copy");
  const buttons = Object.keys(all).map((name) => h("button", { type: "button", class: "language", onclick: () => choose(name) }, name));
  const choose = (name) => {
    code.textContent = all[name];
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
  };
  choose("curl");
  return h(
    "div",
    { class: "first-text" },
    h("p", { class: "quiet" }, "Account SID and token were printed when ringfence first started."),
    h("div", { class: "languages", role: "group", "aria-label": "Language" }, ...buttons, copy),
    h("pre", { tabindex: "0", "aria-label": "Sample" }, code),
  );
}

/** What stands beside phones on which nothing has happened yet. */
export function welcome(number) {
  return h(
    "section",
    { class: "welcome", "aria-labelledby": "welcome-title" },
    h("p", { class: "welcome-over" }, "The network is up"),
    h("h2", { id: "welcome-title" }, "Send your first text"),
    h("p", { class: "welcome-lead" }, "Any program written for Twilio can text these phones. They buzz here, and what you answer goes to your webhook, signed."),
    firstText(number),
  );
}
