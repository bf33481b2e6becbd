// Polynomials as bytes, whole and compressed. Source: FIPS 203, section 4.2.1.

import { N, Q, polynomial } from "./ring.js";

/** Algorithm 5: coefficients below 2^width, 32 * width bytes. */
export function encode(f, width) {
  const bytes = new Uint8Array((N / 8) * width);
  let held = 0;
  let bits = 0;
  let to = 0;
  for (let at = 0; at < N; at += 1) {
    held |= f[at] << bits;
    for (bits += width; bits >= 8; bits -= 8) {
      bytes[to++] = held;
      held >>>= 8;
    }
  }
  return bytes;
}

/** Algorithm 6; with twelve bits a coefficient can be q or more, which is for the caller to refuse. */
export function decode(bytes, width) {
  const f = polynomial();
  let held = 0;
  let bits = 0;
  let from = 0;
  for (let at = 0; at < N; at += 1) {
    for (; bits < width; bits += 8) held |= bytes[from++] << bits;
    f[at] = held & ((1 << width) - 1);
    held >>>= width;
    bits -= width;
  }
  return f;
}

/**
 * Equation 4.7 of least residues, in place, without a division: by 2^32/q, rounded up, which is exact for all 3,329 of
 * them at each width that ML-KEM has. The product is below 2^43, and so exact in a double.
 */
export function compress(f, width) {
  for (let at = 0; at < N; at += 1) f[at] = ((((f[at] << width) + 1664) * 1290168 * 2 ** -32) | 0) & ((1 << width) - 1);
  return f;
}

/** Equation 4.8, in place. */
export function decompress(f, width) {
  for (let at = 0; at < N; at += 1) f[at] = (Math.imul(f[at], Q) + (1 << (width - 1))) >> width;
  return f;
}
