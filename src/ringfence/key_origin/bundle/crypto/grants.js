// Grants, as domain/sealing/grant.py and domain/access/ have them: what both sides state of a request, the six digits
// that they match, and keys sealed again for the one session that asked.
//
// A grant is what the server writes of it: {sid, account, staff, session, public, expires_ms, names, reason}.

import { concat, equal, fromBase64url, hex, place, random, sha256, utf8 } from "./bytes.js";
import { isHybrid, seal, unseal } from "./hpke.js";
import { Refused } from "../refused.js";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const MILLION = 1_000_000n;

/** What the asker publishes before it shows its value. */
export const commitment = (value, publicBytes) => sha256(concat(utf8("ringfence/grant-commit/v1"), value, publicBytes));

/** Refused where the value is not the one that was promised. */
export async function checkCommitment(committed, value, publicBytes) {
  if (value.length !== KEY_BYTES || !equal(committed, await commitment(value, publicBytes))) {
    throw new Refused("commitment", "The other side does not keep what it promised: refuse this.");
  }
}

/** The six digits, of both values and all that the approver reads. */
export async function numberOf(grant, askerValue, approverValue) {
  const digest = await sha256(concat(utf8("ringfence/grant-number/v1"), askerValue, approverValue, await statement(grant)));
  const first = new DataView(digest.buffer).getBigUint64(0);
  return String(first % MILLION).padStart(6, "0");
}

async function statement(grant) {
  const scope = hex(await sha256(utf8(grant.names.join("\n"))));
  return (await placesOf(grant))("ringfence/grant/v1", scope, hex(utf8(grant.reason)));
}

/**
 * Keys, [[name, bytes]], for the session, and once more for the key service: {lid, boxes: [[name, sealed]]}. Refused for a
 * session's key of X25519 alone: of whichever kind the account is, its keys are sealed by the hybrid here.
 */
export async function sealGrant(grant, keys, keeper) {
  const session = fromBase64url(grant.public);
  if (!isHybrid(session) || !isHybrid(keeper)) throw new Refused("key", "That is no key to seal a grant to: refuse this.");
  const bytes = random(KEY_BYTES);
  const bound = await placesOf(grant);
  try {
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt"]);
    const boxes = await Promise.all(
      keys.map(async ([name, granted]) => {
        const iv = random(NONCE_BYTES);
        const how = { name: "AES-GCM", iv, additionalData: bound("ringfence/grant-box/v1", name) };
        return [name, concat(iv, new Uint8Array(await crypto.subtle.encrypt(how, key, granted)))];
      }),
    );
    const inner = await seal(session, bytes, bound("ringfence/grant-lid/v1"));
    return { lid: await seal(keeper, inner, bound("ringfence/grant-keeper/v1")), boxes };
  } finally {
    bytes.fill(0);
  }
}

/** The granted keys by name, as bytes, for the session's `pair`; the lid is what the key service gave. Or Refused. */
export async function openGrant(grant, pair, lid, boxes) {
  const bound = await placesOf(grant);
  const bytes = await unseal(pair, lid, bound("ringfence/grant-lid/v1"));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
  bytes.fill(0);
  try {
    const opened = boxes.map(async ([name, sealed]) => {
      const how = { name: "AES-GCM", iv: sealed.slice(0, NONCE_BYTES), additionalData: bound("ringfence/grant-box/v1", name) };
      return [name, new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.slice(NONCE_BYTES)))];
    });
    return new Map(await Promise.all(opened));
  } catch {
    throw new Refused("sealed", "This does not open.");
  }
}

/** Gives the places of a grant: all that it is bound to, of the asker's key its SHA-256. */
async function placesOf({ sid, account, staff, session, public: written, expires_ms }) {
  const key = hex(await sha256(fromBase64url(written)));
  return (kind, ...more) => place(kind, sid, account, staff, session, key, expires_ms, ...more);
}
