// Argon2id, version 1.3: what makes guessing a passphrase cost memory. Source: RFC 9106, section 3.
// 64-bit words are pairs of 32-bit words, low first: BigInt would be a hundred times slower.

import { blake2b, bytesOf, wordsOf } from "./blake2b.js";
import { concat } from "./bytes.js";

const VERSION = 0x13;
const ARGON2ID = 2;
const SLICES = 4;
const BLOCK_BYTES = 1024;
const BLOCK_WORDS = 256;
const ADDRESSES = 128;
const EMPTY = new Uint8Array(0);

/** A key of `length` bytes. `memory_KiB` is at least 8 for each of `lanes`. */
export function argon2id({ password, salt, memory_KiB, passes, lanes = 1, length = 32, secret = EMPTY, data = EMPTY }) {
  const start = blake2b(
    concat(
      ...[lanes, length, memory_KiB, passes, VERSION, ARGON2ID].map(le32),
      ...[password, salt, secret, data].flatMap((field) => [le32(field.length), field]),
    ),
  );
  const segment = Math.floor(memory_KiB / (SLICES * lanes));
  const lane = { length: segment * SLICES, segment };
  const memory = new Uint32Array(lane.length * lanes * BLOCK_WORDS);
  for (let index = 0; index < lanes; index += 1) {
    for (const column of [0, 1]) {
      const first = stretched(concat(start, le32(column), le32(index)), BLOCK_BYTES);
      memory.set(wordsOf(first), (index * lane.length + column) * BLOCK_WORDS);
    }
  }
  const work = { memory, lanes, lane, passes, blocks: lane.length * lanes };
  for (let pass = 0; pass < passes; pass += 1) {
    for (let slice = 0; slice < SLICES; slice += 1) {
      for (let index = 0; index < lanes; index += 1) fillSegment(work, pass, index, slice);
    }
  }
  const last = new Uint32Array(BLOCK_WORDS);
  for (let index = 0; index < lanes; index += 1) {
    const from = (index * lane.length + lane.length - 1) * BLOCK_WORDS;
    for (let word = 0; word < BLOCK_WORDS; word += 1) last[word] ^= memory[from + word];
  }
  return stretched(bytesOf(last), length);
}

function fillSegment({ memory, lanes, lane, passes, blocks }, pass, laneIndex, slice) {
  // The first half of the first pass takes its addresses from a counter, so that they tell nothing of the password.
  const byCounter = pass === 0 && slice < SLICES / 2;
  const addresses = new Uint32Array(BLOCK_WORDS);
  const counter = new Uint32Array(BLOCK_WORDS);
  [pass, laneIndex, slice, blocks, passes, ARGON2ID].forEach((value, index) => (counter[index * 2] = value));
  const first = pass === 0 && slice === 0 ? 2 : 0;
  for (let index = first; index < lane.segment; index += 1) {
    const column = slice * lane.segment + index;
    const here = laneIndex * lane.length + column;
    const before = laneIndex * lane.length + (column === 0 ? lane.length - 1 : column - 1);
    if (byCounter && (index === first || index % ADDRESSES === 0)) nextAddresses(counter, addresses);
    const source = byCounter ? addresses : memory;
    const at = byCounter ? (index % ADDRESSES) * 2 : before * BLOCK_WORDS;
    const otherLane = pass === 0 && slice === 0 ? laneIndex : source[at + 1] % lanes;
    const other = otherLane * lane.length + referenced(source[at], { lane, pass, slice, index, sameLane: otherLane === laneIndex });
    fillBlock(memory, before * BLOCK_WORDS, other * BLOCK_WORDS, here * BLOCK_WORDS, pass > 0);
  }
}

function nextAddresses(counter, addresses) {
  counter[12] += 1;
  const both = new Uint32Array(BLOCK_WORDS * 2);
  both.set(counter, BLOCK_WORDS);
  fillBlock(both, 0, BLOCK_WORDS, 0, false);
  both.copyWithin(BLOCK_WORDS, 0, BLOCK_WORDS);
  both.fill(0, 0, BLOCK_WORDS);
  fillBlock(both, 0, BLOCK_WORDS, 0, false);
  addresses.set(both.subarray(0, BLOCK_WORDS));
}

/** The column that a block refers to (section 3.4.2): recent ones are likelier. */
function referenced(random, { lane, pass, slice, index, sameLane }) {
  const finished = pass === 0 ? slice * lane.segment : lane.length - lane.segment;
  const size = sameLane ? finished + index - 1 : finished - (index === 0 ? 1 : 0);
  const square = highOfProduct(random, random);
  const relative = size - 1 - highOfProduct(size, square);
  const start = pass === 0 || slice === SLICES - 1 ? 0 : (slice + 1) * lane.segment;
  return (start + relative) % lane.length;
}

const mixed = new Uint32Array(BLOCK_WORDS);
const kept = new Uint32Array(BLOCK_WORDS);

/** memory[to] = G(memory[one], memory[other]), or that xor what was there (section 3.5). */
function fillBlock(memory, one, other, to, xorOld) {
  for (let index = 0; index < BLOCK_WORDS; index += 1) {
    const word = memory[one + index] ^ memory[other + index];
    mixed[index] = word;
    kept[index] = xorOld ? word ^ memory[to + index] : word;
  }
  for (let row = 0; row < 256; row += 32) permute(mixed, row, 4, 2);
  for (let column = 0; column < 32; column += 4) permute(mixed, column, 32, 2);
  for (let index = 0; index < BLOCK_WORDS; index += 1) memory[to + index] = mixed[index] ^ kept[index];
}

/** P on sixteen words: eight pairs of words, `pair` apart, each pair's second `step` after its first. */
function permute(v, start, pair, step) {
  const a = start;
  const b = a + step;
  const c = start + pair;
  const d = c + step;
  const e = start + pair * 2;
  const f = e + step;
  const g = start + pair * 3;
  const h = g + step;
  const i = start + pair * 4;
  const j = i + step;
  const k = start + pair * 5;
  const l = k + step;
  const m = start + pair * 6;
  const n = m + step;
  const o = start + pair * 7;
  const p = o + step;
  quarter(v, a, e, i, m);
  quarter(v, b, f, j, n);
  quarter(v, c, g, k, o);
  quarter(v, d, h, l, p);
  quarter(v, a, f, k, p);
  quarter(v, b, g, l, m);
  quarter(v, c, h, i, n);
  quarter(v, d, e, j, o);
}

function quarter(v, a, b, c, d) {
  multiplyAdd(v, a, b);
  let low = v[d] ^ v[a];
  let high = v[d + 1] ^ v[a + 1];
  v[d] = high;
  v[d + 1] = low;
  multiplyAdd(v, c, d);
  low = v[b] ^ v[c];
  high = v[b + 1] ^ v[c + 1];
  v[b] = (low >>> 24) | (high << 8);
  v[b + 1] = (high >>> 24) | (low << 8);
  multiplyAdd(v, a, b);
  low = v[d] ^ v[a];
  high = v[d + 1] ^ v[a + 1];
  v[d] = (low >>> 16) | (high << 16);
  v[d + 1] = (high >>> 16) | (low << 16);
  multiplyAdd(v, c, d);
  low = v[b] ^ v[c];
  high = v[b + 1] ^ v[c + 1];
  v[b] = (high >>> 31) | (low << 1);
  v[b + 1] = (low >>> 31) | (high << 1);
}

/** v[a] = v[a] + v[b] + 2 · low(v[a]) · low(v[b]), modulo 2^64. */
function multiplyAdd(v, a, b) {
  const x = v[a];
  const y = v[b];
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const low = Math.imul(x0, y0);
  const one = Math.imul(x1, y0);
  const other = Math.imul(x0, y1);
  const middle = (low >>> 16) + (one & 0xffff) + (other & 0xffff);
  const productLow = (middle << 16) | (low & 0xffff);
  const productHigh = (Math.imul(x1, y1) + (one >>> 16) + (other >>> 16) + (middle >>> 16)) | 0;
  const sum = x + y + ((productLow << 1) >>> 0);
  v[a] = sum;
  v[a + 1] = v[a + 1] + v[b + 1] + ((productHigh << 1) | (productLow >>> 31)) + ((sum / 0x100000000) | 0);
}

function highOfProduct(x, y) {
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const one = x1 * y0 + ((x0 * y0) / 0x10000 >>> 0);
  const other = x0 * y1 + (one % 0x10000);
  return x1 * y1 + Math.floor(one / 0x10000) + Math.floor(other / 0x10000);
}

/** H′ (section 3.3): BLAKE2b for any length. */
function stretched(input, length) {
  const sized = concat(le32(length), input);
  if (length <= 64) return blake2b(sized, length);
  const parts = [];
  let made = blake2b(sized);
  let left = length;
  while (left > 64) {
    parts.push(made.subarray(0, 32));
    left -= 32;
    made = blake2b(made, left > 64 ? 64 : left);
  }
  return concat(...parts, made);
}

function le32(value) {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
