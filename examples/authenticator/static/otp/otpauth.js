// What a QR code for an authenticator says: otpauth://totp/Issuer:name?secret=…
// Source: "Key Uri Format" of Google Authenticator's wiki, which all apps follow.

import { fromBase32, toBase32 } from "../crypto/bytes.js";
import { Refused } from "../refused.js";
import { ALGORITHMS } from "./totp.js";

const MIN_SECRET_BYTES = 8;
const MAX_SECRET_BYTES = 128;
const MAX_NAME = 200;

/** An account from an otpauth URI; Refused says what is wrong with it. */
export function parseOtpauth(uri) {
  let url;
  try {
    url = new URL(uri.trim());
  } catch {
    throw new Refused("uri", "That is no otpauth address.");
  }
  if (url.protocol !== "otpauth:") throw new Refused("uri", "That is no otpauth address.");
  const [, kind, label] = /^\/*([^/?]+)\/([^?]*)$/.exec(url.href.slice(url.protocol.length).split(/[?#]/)[0]) ?? [];
  if (kind?.toLowerCase() !== "totp") throw new Refused("kind", "Only codes by time (totp) are supported.");
  const [before, ...after] = decoded(label).split(":");
  const given = url.searchParams;
  return account({
    issuer: given.get("issuer") ?? (after.length ? before : ""),
    name: after.length ? after.join(":") : before,
    secret: given.get("secret") ?? "",
    algorithm: given.get("algorithm") ?? "SHA1",
    digits: given.get("digits") ?? "6",
    period_s: given.get("period") ?? "30",
  });
}

/** An account from what was typed; numbers may be texts. Its secret is bytes. */
export function account({ issuer = "", name = "", secret, algorithm = "SHA1", digits = 6, period_s = 30 }) {
  const made = {
    issuer: issuer.trim().slice(0, MAX_NAME),
    name: name.trim().slice(0, MAX_NAME),
    secret: fromBase32(secret),
    algorithm: algorithm.toUpperCase().replace("-", ""),
    digits: whole(digits, "digits"),
    period_s: whole(period_s, "seconds"),
  };
  if (made.secret.length < MIN_SECRET_BYTES) throw new Refused("secret", "The secret is too short.");
  if (made.secret.length > MAX_SECRET_BYTES) throw new Refused("secret", "The secret is too long.");
  if (!Object.hasOwn(ALGORITHMS, made.algorithm)) throw new Refused("algorithm", "The algorithm must be SHA1, SHA256 or SHA512.");
  if (made.digits < 6 || made.digits > 8) throw new Refused("digits", "A code has 6, 7 or 8 digits.");
  if (made.period_s < 5 || made.period_s > 300) throw new Refused("period", "A code changes every 5 to 300 seconds.");
  if (!made.issuer && !made.name) throw new Refused("name", "Give the account a name.");
  return made;
}

/** The URI that makes the same account in another authenticator. It holds the secret. */
export function toOtpauth({ issuer, name, secret, algorithm, digits, period_s }) {
  const label = [issuer, name].filter(Boolean).map(encodeURIComponent).join(":");
  const query = new URLSearchParams({ secret: toBase32(secret), ...(issuer && { issuer }), algorithm, digits, period: period_s });
  return `otpauth://totp/${label}?${query.toString().replaceAll("+", "%20")}`;
}

function decoded(label) {
  try {
    return decodeURIComponent(label);
  } catch {
    throw new Refused("uri", "The name in that address is not well written.");
  }
}

function whole(value, what) {
  if (!/^[0-9]{1,4}$/.test(String(value))) throw new Refused(what, `The ${what} must be a number.`);
  return Number(value);
}
