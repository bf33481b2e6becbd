// The accounts of an authenticator as a list that several devices change: entries by id, the newest wins.

import { random, toBase64url, toBase32 } from "./crypto/bytes.js";
import { account, toOtpauth } from "./otp/otpauth.js";

/** An entry of the list from a parsed account; its secret becomes text, so that the list is JSON. */
export function entryOf(parsed, now_ms) {
  return { id: toBase64url(random(9)), ...parsed, secret: toBase32(parsed.secret), updated_ms: now_ms };
}

export function accountOf(entry) {
  return account(entry);
}

export const living = (entries) => entries.filter((entry) => !entry.removed);

/** Nothing of a removed account but that it was: other devices must remove it too. */
export function withRemoved(entries, id, now_ms) {
  return entries.map((entry) => (entry.id === id ? { id, removed: true, updated_ms: Math.max(now_ms, entry.updated_ms + 1) } : entry));
}

/** Both lists as one. Of two states of an entry the newer counts, of two as old the removal, then the greater text. */
export function merged(one, other) {
  const all = new Map();
  for (const entry of [...one, ...other]) {
    const known = all.get(entry.id);
    if (!known || isNewer(entry, known)) all.set(entry.id, entry);
  }
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function sameEntries(one, other) {
  return JSON.stringify(merged(one, [])) === JSON.stringify(merged(other, []));
}

/** Every account as otpauth URIs, one a line, in the clear. */
export function asOtpauth(entries) {
  return living(entries).map((entry) => `${toOtpauth(accountOf(entry))}\n`).join("");
}

function isNewer(entry, known) {
  if (entry.updated_ms !== known.updated_ms) return entry.updated_ms > known.updated_ms;
  if (Boolean(entry.removed) !== Boolean(known.removed)) return Boolean(entry.removed);
  return JSON.stringify(entry) > JSON.stringify(known);
}
