// What a form of sealed configuration shows, by the kind of its record: [heading, [[field, label, kind]]]. The key
// service has the same fields, in domain/standing_form.py, and takes no others.

const NUMBER = [
  [
    "When it is texted",
    [
      ["sms_url", "Ask this address", "url"],
      ["sms_method", "Ask it by", "method"],
      ["sms_fallback_url", "And where that fails, this one", "url"],
      ["sms_fallback_method", "Ask that one by", "method"],
      ["sms_application_sid", "Or what this application says (AP…)", "application"],
    ],
  ],
  [
    "When it is called",
    [
      ["voice_url", "Ask this address", "url"],
      ["voice_method", "Ask it by", "method"],
      ["voice_fallback_url", "And where that fails, this one", "url"],
      ["voice_fallback_method", "Ask that one by", "method"],
      ["voice_application_sid", "Or what this application says (AP…)", "application"],
      ["status_callback", "Tell this address how the call goes", "url"],
      ["status_callback_method", "Tell it by", "method"],
    ],
  ],
];

const SERVICE = [
  [
    "When a number of its pool is texted",
    [
      ["inbound_request_url", "Ask this address", "url"],
      ["inbound_method", "Ask it by", "method"],
      ["fallback_url", "And where that fails, this one", "url"],
      ["fallback_method", "Ask that one by", "method"],
    ],
  ],
  ["When a text of it goes on", [["status_callback", "Tell this address", "url"]]],
];

const VERIFY_WEBHOOK = [["When something happens to a factor or a challenge", [["url", "Tell this address", "needed url"]]]];

// Shown alone: it is changed as access_fields.js has it.
const NOTICE_ADDRESS = [["When something of the account is opened or frozen", [["url", "Tell this address", "url"]]]];

const KINDS = { number: NUMBER, service: SERVICE, verify_webhook: VERIFY_WEBHOOK, notice_address: NOTICE_ADDRESS };

/** The fields of a record, in groups; undefined for a record that has no form. */
export const fieldsOf = (record) => KINDS[String(record).split(":")[0]];

/** Whether a field of that kind holds an address. */
export const isUrl = (kind) => kind.endsWith("url");

/** What is wrong with a value, in words, or "". */
export function wrongWith(kind, value) {
  if (value === "") return kind === "needed url" ? "It needs an address." : "";
  if (kind === "application") return /^AP[0-9a-f]{32}$/.test(value) ? "" : "An application is called AP and 32 characters of 0-9 and a-f.";
  if (!isUrl(kind)) return "";
  if (value.length > 4_000) return "An address has at most 4,000 characters.";
  if (!/^[!-[\]-~]+$/.test(value)) return "An address holds neither spaces nor letters beyond ASCII.";
  const read = URL.canParse(value) ? new URL(value) : null;
  if (!read || !/^https?:\/\//i.test(value)) return "An address begins with https:// or http://.";
  return read.username || read.password ? "No user name belongs in it." : "";
}
