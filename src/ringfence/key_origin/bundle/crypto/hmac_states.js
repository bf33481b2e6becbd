// HMAC's hash states after the padded key, as domain/sealing/hmac_states.py has them: what is kept of a key's secret to
// check what it signed. WebCrypto gives no states, so one block of SHA-1 and of SHA-256 is here in plain JavaScript
// (FIPS 180-4, sections 6.1.2 and 6.2.2). No branch and no index depends on the secret.

import { concat } from "./bytes.js";

const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;
const SHA1 = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const SHA256 = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const K256 = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/** 104 bytes of a secret of at most 64: SHA-1's inner and outer state (20 each), SHA-256's (32 each). */
export function statesOf(secret) {
  if (secret.length > BLOCK_BYTES) throw new RangeError("a secret longer than a block is hashed first");
  const padded = (pad) => Uint8Array.from({ length: BLOCK_BYTES }, (_, at) => (secret[at] ?? 0) ^ pad);
  const after = (compress, initial) => [INNER, OUTER].map((pad) => written(compress(initial, wordsOf(padded(pad)))));
  return concat(...after(compressSha1, SHA1), ...after(compressSha256, SHA256));
}

const left = (word, bits) => (word << bits) | (word >>> (32 - bits));
const right = (word, bits) => (word >>> bits) | (word << (32 - bits));
const added = (state, mixed) => state.map((word, at) => (word + mixed[at]) >>> 0);

function wordsOf(block) {
  const view = new DataView(block.buffer);
  return Array.from({ length: BLOCK_BYTES / 4 }, (_, at) => view.getUint32(4 * at));
}

function written(words) {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => view.setUint32(4 * at, word));
  return bytes;
}

function compressSha1(state, words) {
  const w = [...words];
  for (let t = 16; t < 80; t += 1) w.push(left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1));
  let [a, b, c, d, e] = state;
  for (let t = 0; t < 80; t += 1) {
    let mixed = (b & c) ^ (b & d) ^ (c & d);
    let constant = 0x8f1bbcdc;
    if (t < 20) [mixed, constant] = [(b & c) ^ (~b & d), 0x5a827999];
    else if (t < 40) [mixed, constant] = [b ^ c ^ d, 0x6ed9eba1];
    else if (t >= 60) [mixed, constant] = [b ^ c ^ d, 0xca62c1d6];
    [a, b, c, d, e] = [(left(a, 5) + mixed + e + constant + w[t]) | 0, a, left(b, 30), c, d];
  }
  return added(state, [a, b, c, d, e]);
}

function compressSha256(state, words) {
  const w = [...words];
  for (let t = 16; t < 64; t += 1) {
    const [early, late] = [w[t - 15], w[t - 2]];
    const small0 = right(early, 7) ^ right(early, 18) ^ (early >>> 3);
    const small1 = right(late, 17) ^ right(late, 19) ^ (late >>> 10);
    w.push((small1 + w[t - 7] + small0 + w[t - 16]) | 0);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t += 1) {
    const big1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const first = h + big1 + ((e & f) ^ (~e & g)) + K256[t] + w[t];
    const big0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const second = big0 + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  return added(state, [a, b, c, d, e, f, g, h]);
}
