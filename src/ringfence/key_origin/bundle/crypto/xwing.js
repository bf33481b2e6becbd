// X-Wing, of ML-KEM-768 and X25519, KEM 0x647a of HPKE: it holds as long as either does. A private key is a seed.
// Source: draft-connolly-cfrg-xwing-kem, section 5.
//
// Of a pair the half of X25519 lies in WebCrypto, which gives it to no script; the other's seed is bytes in `lattice`. Who
// takes those alone has nothing, before there is a quantum computer and with it.

import { Refused } from "../refused.js";
import { concat, random } from "./bytes.js";
import * as mlKem from "./ml_kem/kem.js";
import { sha3_256, shake256 } from "./sha3.js";
import * as x25519 from "./x25519.js";

export const ID = 0x647a;
export const SEED_BYTES = 32;
export const PUBLIC_BYTES = mlKem.PUBLIC_BYTES + x25519.KEY_BYTES;
export const ENCAPSULATED_BYTES = mlKem.CIPHERTEXT_BYTES + x25519.KEY_BYTES;
const LABEL = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c); // \.//^\

/** The pair of a seed of 32 bytes. */
export async function pairOf(seed) {
  if (seed.length !== SEED_BYTES) throw new Refused("key", "That is no seed of a key.");
  const expanded = shake256(mlKem.SEED_BYTES + x25519.KEY_BYTES, seed);
  const lattice = expanded.slice(0, mlKem.SEED_BYTES);
  const key = mlKem.keyOf(lattice);
  mlKem.wipe(key);
  try {
    const { privateKey, publicBytes } = await x25519.pairOf(expanded.subarray(mlKem.SEED_BYTES));
    return { privateKey, lattice, publicBytes: concat(key.publicBytes, publicBytes) };
  } finally {
    expanded.fill(0);
  }
}

/** A new pair. */
export async function newPair() {
  const seed = random(SEED_BYTES);
  try {
    return await pairOf(seed);
  } finally {
    seed.fill(0);
  }
}

/** {shared, encapsulated} of 32 and 1,120 bytes, for whoever owns `publicBytes`. Refused for what is no public key. */
export async function encapsulate(publicBytes, { message, ephemeral = null } = {}) {
  const pair = ephemeral ?? (await x25519.newPair());
  const theirs = publicBytes.slice(mlKem.PUBLIC_BYTES);
  const classical = await x25519.agreed(pair.privateKey, theirs);
  const { shared, ciphertext } = mlKem.encapsulate(publicBytes.subarray(0, mlKem.PUBLIC_BYTES), message);
  return { shared: combined(shared, classical, pair.publicBytes, theirs), encapsulated: concat(ciphertext, pair.publicBytes) };
}

/** What was shared with the owner of `pair`. */
export async function decapsulate(pair, encapsulated) {
  const theirs = encapsulated.slice(mlKem.CIPHERTEXT_BYTES);
  const classical = await x25519.agreed(pair.privateKey, theirs);
  const shared = mlKem.decapsulate(keyOf(pair), encapsulated.subarray(0, mlKem.CIPHERTEXT_BYTES));
  return combined(shared, classical, theirs, pair.publicBytes.subarray(mlKem.PUBLIC_BYTES));
}

// What a pair's seed makes, for as long as somebody holds the pair: a page opens fifty keys with one.
const keys = new WeakMap();

function keyOf(pair) {
  if (!keys.has(pair)) keys.set(pair, mlKem.keyOf(pair.lattice));
  return keys.get(pair);
}

/** Section 5.3. The halves are wiped. */
function combined(ofMlKem, ofX25519, encapsulated, publicBytes) {
  const shared = sha3_256(ofMlKem, ofX25519, encapsulated, publicBytes, LABEL);
  ofMlKem.fill(0);
  ofX25519.fill(0);
  return shared;
}
