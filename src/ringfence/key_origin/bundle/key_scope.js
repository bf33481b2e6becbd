// What a key may do, as a person says it in a form: one of a few things, or permissions that they list.

import { h } from "./dom.js";
import { Refused } from "./refused.js";

const MESSAGES = "/twilio/messaging/messages";
const VERIFY = "/twilio/verify";
const LISTED = "listed";
const PERMISSION = /^\/(twilio|ringfence)\/[a-z-]{1,32}\/[a-z0-9.-]{1,64}\/(read|list|create|update|delete|\*)$/;

/** What a new key may be made for, [value, in words, permissions]; "" for everything. */
export const NEW_SCOPES = [
  ["texts", "Send texts, and read none", `${MESSAGES}/create`],
  ["reading", "Send texts and read them", `${MESSAGES}/create ${MESSAGES}/read ${MESSAGES}/list`],
  ["codes", "Send one-time codes and check them", `${VERIFY}/verification/create ${VERIFY}/verification-check/create`],
  ["all", "Everything that the account may", ""],
];

/** A choice of `scopes`, or of what is listed: {elements, read}; `read` gives {words, policy} or throws. */
export function scopeChoice(scopes) {
  const scope = h("select", { id: "scope" }, [...scopes, [LISTED, "What is listed here"]].map(([value, words]) => h("option", { value }, words)));
  const policy = h("textarea", { id: "policy", rows: "4", autocomplete: "off", spellcheck: "false" });
  const listing = h("div", { hidden: true }, h("label", { for: "policy" }, `Permissions, one a line, such as ${MESSAGES}/read`), policy);
  scope.addEventListener("change", () => {
    listing.hidden = scope.value !== LISTED;
  });
  const read = () => {
    if (scope.value !== LISTED) {
      const [, words, permissions] = scopes.find(([value]) => value === scope.value);
      return { words: permissions ? permissions.split(" ").join("\n") : words, policy: permissions };
    }
    const permissions = policy.value.split(/\s+/).filter(Boolean);
    if (!permissions.length) throw wrongIn(policy, "List what it may do.");
    const odd = permissions.find((each) => !PERMISSION.test(each));
    if (odd) throw wrongIn(policy, `This is no permission: ${odd}`);
    return { words: permissions.join("\n"), policy: permissions.join(" ") };
  };
  return { elements: [h("label", { for: "scope" }, "It may"), scope, listing], read };
}

/** A refusal of what stands in an input, which gets the focus. */
export function wrongIn(input, words) {
  input.setAttribute("aria-invalid", "true");
  input.focus();
  return new Refused("field", words);
}
