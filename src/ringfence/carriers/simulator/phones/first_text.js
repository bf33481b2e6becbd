// How a program texts one of these handsets, or calls it.

import { h } from "./dom.js";

export const DEMO_SENDER = "+12025550123";
const WORDS = "Haircut Tue 15:00. Reply C to confirm, X to cancel.";

const TWIML = "<Response><Say>Your haircut is on Tuesday at three.</Say></Response>";

function texts(number) {
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

function calls(number) {
  const base = location.origin;
  return {
    curl: `curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN" \\
  ${base}/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Calls.json \\
  --data-urlencode "To=${number}" \\
  --data-urlencode "From=${DEMO_SENDER}" \\
  --data-urlencode "Twiml=${TWIML}"`,
    Python: `from twilio.rest import Client

client = Client()  # TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
client.api.base_url = "${base}"
client.calls.create(
    to="${number}",
    from_="${DEMO_SENDER}",
    twiml="${TWIML}",
)`,
    "Node.js": `const client = require("twilio")(); // TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
client.api.baseUrl = "${base}";
client.calls.create({
  to: "${number}",
  from: "${DEMO_SENDER}",
  twiml: "${TWIML}",
});`,
  };
}

/** A card with the sample in each language; `number` is the handset it is sent to. */
export function firstText(number) {
  const code = h("code");
  const kinds = { Text: texts(number), Call: calls(number) };
  let kind = "Text";
  let language = "curl";
  const copy = h("button", { type: "button", class: "copy", onclick: async () => {
    await navigator.clipboard.writeText(code.textContent);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1_500);
  } }, "Copy");
  const button = (name, onclick) => h("button", { type: "button", class: "language", onclick }, name);
  const show = (change) => {
    change();
    code.textContent = kinds[kind][language];
    for (const one of [...kindButtons, ...languageButtons]) one.setAttribute("aria-pressed", String([kind, language].includes(one.textContent)));
  };
  const kindButtons = Object.keys(kinds).map((name) => button(name, () => show(() => (kind = name))));
  const languageButtons = Object.keys(kinds.Text).map((name) => button(name, () => show(() => (language = name))));
  show(() => {});
  return h(
    "div",
    { class: "first-text" },
    h("p", { class: "quiet" }, "Account SID and token were printed when ringfence first started."),
    h("div", { class: "languages", role: "group", "aria-label": "What to do" }, ...kindButtons),
    h("div", { class: "languages", role: "group", "aria-label": "Language" }, ...languageButtons, copy),
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
    h("p", { class: "welcome-lead" }, "Any program written for Twilio can text these phones and call them. They buzz here, and what you answer goes to your webhook, signed."),
    firstText(number),
  );
}
