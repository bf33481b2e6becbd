// BLAKE2b without a key, on pairs of 32-bit words. Source: RFC 7693.

const BLOCK_BYTES = 128;
// Fractional parts of the square roots of the first eight primes, low word first.
const IV = Uint32Array.of(
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
  0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
);
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
// Columns, then diagonals, of the 4 by 4 words.
const QUARTERS = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

/** The hash of `message` in `length` bytes, 1 to 64. */
export function blake2b(message, length = 64) {
  const h = IV.slice();
  h[0] ^= 0x01010000 ^ length;
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK_BYTES));
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(message);
  for (let block = 0; block < blocks; block += 1) {
    const last = block === blocks - 1;
    const words = wordsOf(padded.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
    compress(h, words, last ? message.length : (block + 1) * BLOCK_BYTES, last);
  }
  return bytesOf(h).slice(0, length);
}

/** Little-endian words of bytes, and back, whatever the machine's own order is. */
export function wordsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true));
}

export function bytesOf(words) {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, index) => view.setUint32(index * 4, word, true));
  return new Uint8Array(view.buffer);
}

function compress(h, message, counted, last) {
  const v = new Uint32Array(32);
  v.set(h);
  v.set(IV, 16);
  v[24] ^= counted;
  v[25] ^= Math.floor(counted / 0x100000000);
  if (last) {
    v[28] = ~v[28];
    v[29] = ~v[29];
  }
  for (let round = 0; round < 12; round += 1) {
    const order = SIGMA[round % 10];
    QUARTERS.forEach(([a, b, c, d], index) => mix(v, a * 2, b * 2, c * 2, d * 2, message, order[index * 2] * 2, order[index * 2 + 1] * 2));
  }
  for (let index = 0; index < 16; index += 1) h[index] ^= v[index] ^ v[index + 16];
}

function mix(v, a, b, c, d, message, x, y) {
  add(v, a, v[b], v[b + 1]);
  add(v, a, message[x], message[x + 1]);
  turn(v, d, a, 32);
  add(v, c, v[d], v[d + 1]);
  turn(v, b, c, 24);
  add(v, a, v[b], v[b + 1]);
  add(v, a, message[y], message[y + 1]);
  turn(v, d, a, 16);
  add(v, c, v[d], v[d + 1]);
  turn(v, b, c, 63);
}

function add(v, at, low, high) {
  const sum = v[at] + low;
  v[at] = sum;
  v[at + 1] = v[at + 1] + high + (sum > 0xffffffff ? 1 : 0);
}

/** v[at] = (v[at] xor v[by]) turned right by `bits`. */
function turn(v, at, by, bits) {
  let low = v[at] ^ v[by];
  let high = v[at + 1] ^ v[by + 1];
  if (bits >= 32) [low, high] = [high, low];
  const rest = bits % 32;
  v[at] = rest ? (low >>> rest) | (high << (32 - rest)) : low;
  v[at + 1] = rest ? (high >>> rest) | (low << (32 - rest)) : high;
}
