// ML-KEM-768, which browsers do not have yet. Source: FIPS 203, sections 6 and 7.
//
// Written so that secrets choose no branch and no index. What is wiped is what this holds: an engine may have moved it.

import { random } from "../bytes.js";
import { Refused } from "../../refused.js";
import { sha3_256, sha3_512, shake256 } from "../sha3.js";
import { CIPHERTEXT_BYTES, PUBLIC_BYTES, decrypt, encrypt, generate, readPublic } from "./encryption.js";

export { CIPHERTEXT_BYTES, PUBLIC_BYTES };
export const SEED_BYTES = 64;

/** Algorithm 16 of d and z, 64 bytes: a key to decapsulate with, whose `publicBytes` are 1,184. */
export function keyOf(seed) {
  if (seed.length !== SEED_BYTES) throw new Refused("key", "That is no seed of a key.");
  const { secret, publicBytes, read } = generate(seed.subarray(0, 32));
  return { secret, publicBytes, read, hash: sha3_256(publicBytes), z: seed.slice(32) };
}

/**
 * Algorithm 20: {shared, ciphertext} of 32 and 1,088 bytes. Refused for a public key of another length, or not reduced.
 * `message` is for known answers; it is wiped.
 */
export function encapsulate(publicBytes, message = random(32)) {
  const read = publicBytes.length === PUBLIC_BYTES ? readPublic(publicBytes) : null;
  if (!read) throw new Refused("key", "That is no public key.");
  const derived = sha3_512(message, sha3_256(publicBytes));
  const ciphertext = encrypt(read, message, derived.subarray(32));
  const shared = derived.slice(0, 32);
  for (const wiped of [derived, message]) wiped.fill(0);
  return { shared, ciphertext };
}

/**
 * Algorithm 21: the 32 bytes shared. A ciphertext that `encapsulate` would not have made gives others, which nobody else
 * can tell, in the same time; Refused for one of another length.
 */
export function decapsulate(key, ciphertext) {
  if (ciphertext.length !== CIPHERTEXT_BYTES) throw new Refused("sealed", "This does not open.");
  const message = decrypt(key.secret, ciphertext);
  const derived = sha3_512(message, key.hash);
  const rejected = shake256(32, key.z, ciphertext);
  const again = encrypt(key.read, message, derived.subarray(32));
  let differs = 0;
  for (let at = 0; at < CIPHERTEXT_BYTES; at += 1) differs |= ciphertext[at] ^ again[at];
  // All ones where any bit differs, else zero.
  const mask = -differs >> 31;
  const shared = new Uint8Array(32);
  for (let at = 0; at < 32; at += 1) shared[at] = (derived[at] & ~mask) | (rejected[at] & mask);
  for (const wiped of [message, derived, rejected, again]) wiped.fill(0);
  return shared;
}

/** Wipes what `keyOf` made. */
export function wipe(key) {
  for (const wiped of [...key.secret, key.z]) wiped.fill(0);
}
