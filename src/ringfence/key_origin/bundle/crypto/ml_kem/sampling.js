// Polynomials from seeds. Source: FIPS 203, section 4.2.2.

import { shake128, shake256 } from "../sha3.js";
import { N, Q, polynomial } from "./ring.js";

/** Algorithm 7: uniform, from public bytes, so that how long it takes tells nothing. */
export function uniform(seed, column, row) {
  const block = shake128(seed, Uint8Array.of(column, row));
  const f = polynomial();
  let at = 0;
  while (at < N) {
    const bytes = block();
    for (let from = 0; from < bytes.length && at < N; from += 3) {
      const one = bytes[from] | ((bytes[from + 1] & 15) << 8);
      const other = (bytes[from + 1] >> 4) | (bytes[from + 2] << 4);
      if (one < Q) f[at++] = one;
      if (other < Q && at < N) f[at++] = other;
    }
  }
  return f;
}

/** Algorithm 8 with η = 2, of the `number`th output of a secret seed: coefficients from -2 to 2. */
export function small(seed, number) {
  const bytes = shake256(N / 2, seed, Uint8Array.of(number));
  const f = polynomial();
  for (let from = 0; from < bytes.length; from += 1) {
    const pairs = (bytes[from] & 0x55) + ((bytes[from] >> 1) & 0x55);
    f[2 * from] = (pairs & 3) - ((pairs >> 2) & 3);
    f[2 * from + 1] = ((pairs >> 4) & 3) - (pairs >> 6);
  }
  bytes.fill(0);
  return f;
}
