// The ways into a tenant's content key, as domain/sealing/slots.py and slot_proof.py have them.
//
// An account is sealed by X25519 or by the hybrid, all of it. A slot is made before it is known of which kind its account
// is, and so is both: of one secret, two pairs, of which the key service is told one and never both.

import { Refused } from "../refused.js";
import { EMPTY, bigEndian, concat, equal, hex, place, sha256, toBase64url, utf8 } from "./bytes.js";
import { isHybrid, seal, unseal } from "./hpke.js";
import * as x25519 from "./x25519.js";
import * as xwing from "./xwing.js";

const SEED = "ringfence/slot/v1";
const BOX = "ringfence/content-key/slot/v1";
const PARENT = "ringfence/content-key/parent/v1";
const PROOF = "ringfence/slot-proof/v1";
const KEY_BYTES = 32;
const HYBRID = 1;
const CLASSICAL_BOX_BYTES = x25519.KEY_BYTES + KEY_BYTES + 16;

/** The slot of a credential's secret, a text: the pairs that content keys are sealed to, {classical, hybrid}. */
export async function slotOf(secret, credential) {
  const key = await crypto.subtle.importKey("raw", utf8(secret), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: utf8(credential), info: utf8(SEED) };
  const seed = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
  try {
    return { classical: await x25519.pairOf(seed), hybrid: await xwing.pairOf(seed) };
  } finally {
    seed.fill(0);
  }
}

/** The pair of a slot that is of the kind of a content key's `pair`. */
export const pairFor = (slot, pair) => (isHybrid(pair.publicBytes) ? slot.hybrid : slot.classical);

/** The pair of a content key as it is sealed: 32 bytes, and of the hybrid one more. */
export const contentPair = (bytes) => (isHybridKey(bytes) ? xwing.pairOf(bytes.subarray(0, KEY_BYTES)) : x25519.pairOf(bytes));

function isHybridKey(bytes) {
  if (bytes.length === KEY_BYTES) return false;
  if (bytes.length !== KEY_BYTES + 1 || bytes[KEY_BYTES] !== HYBRID) throw new Refused("key", "That is no content key.");
  return true;
}

/** A passkey's secret is what its PRF gives, 32 bytes; it is written as text, as other secrets are. */
export const slotOfPasskey = (output, credential) => slotOf(toBase64url(output), credential);

/** The name of a passkey's slot: PK and the first 16 bytes of the SHA-256 of its credential's id, in hex. */
export const passkeySlot = async (credentialId) => `PK${hex(await sha256(credentialId)).slice(0, 32)}`;

/**
 * The content keys that a slot opens, by generation: [{generation, bytes}], the oldest first.
 * What does not open is another secret's, and left out. Refused for two keys of one generation, for no generation, and for
 * keys of both kinds: a box says nothing of who sealed it, so whoever knows the slot's public half may add a key of their
 * own, and one of the other kind would have the real ones sealed by X25519 alone.
 */
export async function openContentKeys(slot, account, credential, boxes) {
  const opened = new Map();
  for (const [generation, sealed] of boxes) {
    if (!Number.isSafeInteger(generation) || generation < 0) throw new Refused("generation", "There is no such generation of a key.");
    const pair = sealed.length === CLASSICAL_BOX_BYTES ? slot.classical : slot.hybrid;
    const bytes = await unseal(pair, sealed, place(BOX, account, generation, credential)).catch(() => null);
    if (!bytes) continue;
    const before = opened.get(generation);
    if (before && !equal(before, bytes)) throw new Refused("generation", "Two keys are said to be one: sign out, and tell who runs this.");
    opened.set(generation, bytes);
  }
  if (new Set([...opened.values()].map(isHybridKey)).size > 1) {
    throw new Refused("kind", "Keys of two kinds are said to be this account's: sign out, and tell who runs this.");
  }
  return [...opened].sort(([one], [other]) => one - other).map(([generation, bytes]) => ({ generation, bytes }));
}

/**
 * A subaccount's content keys, as `openContentKeys`, with those that are open of its parent: pairs with their generations.
 * `copies` are [generation, generation of the parent's, sealed].
 */
export async function openChildKeys(parentKeys, parent, account, copies) {
  const opened = [];
  for (const [generation, by, sealed] of copies) {
    const pair = parentKeys.find((key) => key.generation === by);
    if (pair) opened.push({ generation, bytes: await unseal(pair, sealed, place(PARENT, account, generation, parent, by)) });
  }
  return opened;
}

/** Content keys for one more slot: [generation, sealed] pairs. Refused for one of the hybrid by X25519 alone. */
export async function sealContentKeys(contentKeys, account, credential, publicBytes) {
  if (!isHybrid(publicBytes) && contentKeys.some(({ bytes }) => isHybridKey(bytes))) {
    throw new Refused("kind", "A key of the hybrid is not sealed by X25519 alone.");
  }
  return Promise.all(
    contentKeys.map(async ({ generation, bytes }) => [
      generation,
      await seal(publicBytes, bytes, place(BOX, account, generation, credential)),
    ]),
  );
}

/** Shows the key service that whoever adds this slot holds the content key `pair` of `generation`: 32 bytes. */
export async function proveSlot(pair, proofKey, { account, credential, generation, publicBytes, boxes }) {
  const kept = boxes.flatMap(([number, sealed]) => [bigEndian(number, 8), bigEndian(sealed.length, 8), sealed]);
  const what = place(PROOF, account, credential, generation, hex(publicBytes), hex(await sha256(concat(...kept))));
  return proveBy(pair, proofKey, what);
}

/**
 * Shows the key service, who made `proofKey` for this, that whoever says `what` holds `pair`: 32 bytes. It is made with
 * X25519 in both kinds: like a signature, it is worth nothing to whoever breaks it later.
 */
export async function proveBy(pair, proofKey, what) {
  const shared = await crypto.subtle.importKey("raw", await x25519.agreed(pair.privateKey, proofKey), "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: EMPTY, info: utf8(PROOF) };
  const key = await crypto.subtle.deriveKey(how, shared, { name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, what));
}
