// SIP messages: text to values and back. What cannot be read gives null, and nothing here acts on a message.
// Source: RFC 3261, sections 7, 19.1 and 20; RFC 7118 (one message a WebSocket frame).

const COMPACT = { v: "Via", f: "From", t: "To", i: "Call-ID", m: "Contact", l: "Content-Length", c: "Content-Type", k: "Supported", s: "Subject", e: "Content-Encoding" };
const REQUEST_LINE = /^([A-Z]{1,20}) (\S+) SIP\/2\.0$/;
const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d) ?(.*)$/;
const HEADER = /^([A-Za-z0-9!%*_+`'~.-]+)[ \t]*:[ \t]*(.*)$/;
const MAX_CHARACTERS = 65_536;

/** A request has `method` and `uri`, a response `status` and `reason`; `headers` are [name, value] in order. */
export class SipMessage {
  constructor({ method = null, uri = null, status = null, reason = "", headers = [], body = "" }) {
    Object.assign(this, { method, uri, status, reason, headers, body });
  }

  get isRequest() {
    return this.method !== null;
  }

  /** The first value of a header, "" where it is absent. */
  get(name) {
    return this.all(name)[0] ?? "";
  }

  all(name) {
    const wanted = name.toLowerCase();
    return this.headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** {number, method} of CSeq. */
  get sequence() {
    const [number, method] = this.get("CSeq").split(/\s+/);
    return { number: Number(number), method };
  }

  /** What a transaction is known by: the branch of the topmost Via. */
  get branch() {
    return parameter(this.get("Via").split(",")[0], "branch");
  }

  toString() {
    const first = this.isRequest ? `${this.method} ${this.uri} SIP/2.0` : `SIP/2.0 ${this.status} ${this.reason}`;
    const lines = this.headers.map(([name, value]) => `${name}: ${value}`);
    const length = new TextEncoder().encode(this.body).length;
    return [first, ...lines, `Content-Length: ${length}`, "", this.body].join("\r\n");
  }
}

/** Read one message, or null. */
export function parseMessage(text) {
  if (text.length > MAX_CHARACTERS) return null;
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first, ...lines] = text.slice(0, end).replace(/\r\n[ \t]+/g, " ").split("\r\n");
  const request = REQUEST_LINE.exec(first);
  const response = STATUS_LINE.exec(first);
  if (!request && !response) return null;
  const headers = [];
  for (const line of lines) {
    const match = HEADER.exec(line);
    if (!match) return null;
    const name = COMPACT[match[1].toLowerCase()] ?? match[1];
    if (name.toLowerCase() !== "content-length") headers.push([name, match[2].trim()]);
  }
  const message = new SipMessage({
    method: request?.[1] ?? null,
    uri: request?.[2] ?? null,
    status: response ? Number(response[1]) : null,
    reason: response?.[2] ?? "",
    headers,
    body: text.slice(end + 4),
  });
  const complete = ["Via", "From", "To", "Call-ID", "CSeq"].every((name) => message.get(name)) && message.branch;
  return complete ? message : null;
}

/** `"Sam" <sip:+1202@host;x>;tag=a` as {display, uri, tag}. */
export function parseAddress(value) {
  const match = /^(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)$/.exec(value);
  if (!match) return { display: "", uri: value.split(";")[0].trim(), tag: parameter(value, "tag") };
  return { display: (match[1] ?? match[2] ?? "").replace(/\\(.)/g, "$1").trim(), uri: match[3], tag: parameter(match[4], "tag") };
}

/** Who a URI names: the number or identity before the @, decoded. */
export function userOf(uri) {
  const match = /^sips?:(?:([^@;?]*)@)?/i.exec(uri);
  try {
    return decodeURIComponent((match?.[1] ?? "").split(":")[0].split(";")[0]);
  } catch {
    return match[1];
  }
}

/** The value of a `;name=value` parameter, "" where it is absent. */
export function parameter(value, name) {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*"?([^;,\\s"]*)`, "i").exec(value);
  return match?.[1] ?? "";
}

/** Letters that nobody guesses: for tags, branches and Call-IDs. */
export function token(bytes = 10) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
