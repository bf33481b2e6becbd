// The form that asks for the account's own credential.

import { h } from "./dom.js";

const SID = "[A-Z]{2}[0-9a-f]{32}";

/** `onEnter` gets {sid, account, user, secret}; `words` say why it is asked again. */
export function signInForm({ sid, account, words, onEnter }) {
  const fields = {
    sid: input("Message, Call or Verification SID", { name: "sid", value: sid, pattern: `(SM|MM|VL|CA|VE)[0-9a-f]{32}`, placeholder: "SM…, CA… or VE…", hint: "34 characters, SM…, MM…, VL…, CA… or VE…" }),
    account: input("Account SID", { name: "account", value: account, pattern: SID, placeholder: "AC…", autocomplete: "username", hint: "34 characters, AC…" }),
    secret: input("Auth Token or API key’s secret", { name: "secret", type: "password", autocomplete: "current-password" }),
    key: input("API key’s SID, if you use one", { name: "key", pattern: SID, placeholder: "SK…", optional: true }),
  };
  const submit = (event) => {
    event.preventDefault();
    const value = (name) => fields[name].querySelector("input").value.trim();
    onEnter({ sid: value("sid"), account: value("account"), user: value("key") || value("account"), secret: value("secret") });
  };
  return h(
    "form",
    { class: "card sign-in", onsubmit: submit },
    h("h2", {}, "Whose text or call is it?"),
    h("p", { class: "quiet" }, "Requests, answers and numbers are sealed. Your own secret opens them; it stays in this tab."),
    words ? h("p", { class: "notice", role: "alert" }, words) : null,
    ...Object.values(fields),
    h("button", { type: "submit", class: "action action-main" }, "Show the timeline"),
  );
}

function input(label, { optional = false, hint, ...attributes }) {
  return h(
    "label",
    { class: "field" },
    h("span", {}, label),
    h("input", { required: !optional, spellcheck: "false", autocapitalize: "off", autocomplete: "off", title: hint, ...attributes }),
  );
}
