// K-PKE of ML-KEM-768, by which nobody seals by itself. Source: FIPS 203, section 5.

import { concat } from "../bytes.js";
import { sha3_512 } from "../sha3.js";
import { compress, decode, decompress, encode } from "./encoding.js";
import { Q, add, inverseNtt, ntt, product, reduce, subtract, withoutFactor } from "./ring.js";
import { small, uniform } from "./sampling.js";

const K = 3;
const WIDTH = 12;
const POLYNOMIAL_BYTES = 384;
const U_WIDTH = 10;
const V_WIDTH = 4;
const U_BYTES = 320;
export const PUBLIC_BYTES = K * POLYNOMIAL_BYTES + 32;
export const CIPHERTEXT_BYTES = K * U_BYTES + 128;
const RANKS = [0, 1, 2];

/** Algorithm 13 of d, 32 bytes: {secret, publicBytes, read}; `secret` is transformed, `read` what `readPublic` gives. */
export function generate(d) {
  const seeds = sha3_512(d, Uint8Array.of(K));
  const rho = seeds.slice(0, 32);
  const sigma = seeds.subarray(32);
  const secret = RANKS.map((rank) => ntt(small(sigma, rank)));
  const noise = RANKS.map((rank) => ntt(small(sigma, K + rank)));
  const matrix = matrixOf(rho);
  const vector = RANKS.map((row) => reduce(add(withoutFactor(product(matrix[row], secret)), noise[row])));
  for (const wiped of [seeds, ...noise]) wiped.fill(0);
  const publicBytes = concat(...vector.map((f) => encode(f, WIDTH)), rho);
  return { secret, publicBytes, read: { vector, transposed: transpose(matrix) } };
}

/** What `encrypt` needs of a public key, {vector, transposed}; null where a coefficient is not below q (section 7.2). */
export function readPublic(publicBytes) {
  const vector = RANKS.map((rank) => decode(publicBytes.subarray(rank * POLYNOMIAL_BYTES), WIDTH));
  if (vector.some((f) => f.some((coefficient) => coefficient >= Q))) return null;
  return { vector, transposed: transpose(matrixOf(publicBytes.subarray(K * POLYNOMIAL_BYTES))) };
}

/** Algorithm 14: 32 bytes of message under 32 bytes of randomness, 1,088 bytes. */
export function encrypt({ vector, transposed }, message, randomness) {
  const y = RANKS.map((rank) => ntt(small(randomness, rank)));
  const noise = RANKS.map((rank) => small(randomness, K + rank));
  const u = RANKS.map((rank) => add(inverseNtt(product(transposed[rank], y)), noise[rank]));
  const v = add(inverseNtt(product(vector, y)), small(randomness, 2 * K));
  const said = decompress(decode(message, 1), 1);
  add(v, said);
  const bytes = concat(...u.map((f) => encode(compress(reduce(f), U_WIDTH), U_WIDTH)), encode(compress(reduce(v), V_WIDTH), V_WIDTH));
  for (const wiped of [...y, ...noise, ...u, v, said]) wiped.fill(0);
  return bytes;
}

/** Algorithm 15: the message of 1,088 bytes of ciphertext. */
export function decrypt(secret, ciphertext) {
  const u = RANKS.map((rank) => ntt(decompress(decode(ciphertext.subarray(rank * U_BYTES), U_WIDTH), U_WIDTH)));
  const v = decompress(decode(ciphertext.subarray(K * U_BYTES), V_WIDTH), V_WIDTH);
  const masked = inverseNtt(product(secret, u));
  const message = encode(compress(reduce(subtract(v, masked)), 1), 1);
  for (const wiped of [v, masked]) wiped.fill(0);
  return message;
}

const matrixOf = (rho) => RANKS.map((row) => RANKS.map((column) => uniform(rho, column, row)));
const transpose = (matrix) => RANKS.map((column) => matrix.map((row) => row[column]));
