// SHA3-256, SHA3-512, SHAKE128 and SHAKE256, which WebCrypto does not have. Source: FIPS 202, sections 3, 4 and 6.
//
// Lanes are two words of 32 bits, the lower first, so that a state's words lie as its bytes do. What is hashed chooses no
// branch and no index.

const ROUNDS = 24;
const WORDS = 50;
const HASH = 0x06;
const XOF = 0x1f;
const { words: ROUND_WORDS, turns: TURNS, places: PLACES } = constants();
// Of the permutation alone, and wiped after each sponge.
const parity = new Int32Array(10);
const moved = new Int32Array(WORDS);

export const sha3_256 = (...parts) => new Sponge(136, HASH, parts).take(32);
export const sha3_512 = (...parts) => new Sponge(72, HASH, parts).take(64);
export const shake256 = (length, ...parts) => new Sponge(136, XOF, parts).take(length);

/** SHAKE128 of public bytes, block by block: each call gives the next 168. */
export function shake128(...parts) {
  const sponge = new Sponge(168, XOF, parts);
  return () => sponge.squeeze(168);
}

class Sponge {
  constructor(rate, suffix, parts) {
    this.state = new Int32Array(WORDS);
    this.rate = rate;
    this.at = 0;
    for (const part of parts) this.absorb(part);
    this.mix(this.at, suffix);
    this.mix(rate - 1, 0x80);
    this.at = rate;
  }

  absorb(bytes) {
    for (let from = 0; from < bytes.length; from += 1) {
      this.mix(this.at, bytes[from]);
      this.at += 1;
      if (this.at === this.rate) {
        permute(this.state);
        this.at = 0;
      }
    }
  }

  mix(at, byte) {
    this.state[at >> 2] ^= byte << ((at & 3) << 3);
  }

  squeeze(length) {
    const bytes = new Uint8Array(length);
    for (let to = 0; to < length; to += 1) {
      if (this.at === this.rate) {
        permute(this.state);
        this.at = 0;
      }
      bytes[to] = this.state[this.at >> 2] >>> ((this.at & 3) << 3);
      this.at += 1;
    }
    return bytes;
  }

  /** All that is wanted of it; then it is wiped. */
  take(length) {
    const bytes = this.squeeze(length);
    for (const held of [this.state, parity, moved]) held.fill(0);
    return bytes;
  }
}

/** Keccak-p[1600, 24], in place. */
function permute(state) {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let x = 0; x < 10; x += 1) parity[x] = state[x] ^ state[x + 10] ^ state[x + 20] ^ state[x + 30] ^ state[x + 40];
    for (let x = 0; x < 10; x += 2) {
      const before = (x + 8) % 10;
      const after = (x + 2) % 10;
      const low = parity[before] ^ ((parity[after] << 1) | (parity[after + 1] >>> 31));
      const high = parity[before + 1] ^ ((parity[after + 1] << 1) | (parity[after] >>> 31));
      for (let at = x; at < WORDS; at += 10) {
        state[at] ^= low;
        state[at + 1] ^= high;
      }
    }
    moved[0] = state[0];
    moved[1] = state[1];
    for (let lane = 1; lane < 25; lane += 1) {
      const crossed = TURNS[lane] >> 5;
      const by = TURNS[lane] & 31;
      const low = state[2 * lane + crossed];
      const high = state[2 * lane + 1 - crossed];
      const to = 2 * PLACES[lane];
      moved[to] = (low << by) | (high >>> (32 - by));
      moved[to + 1] = (high << by) | (low >>> (32 - by));
    }
    for (let row = 0; row < WORDS; row += 10) {
      for (let half = row; half < row + 2; half += 1) {
        const a = moved[half];
        const b = moved[half + 2];
        const c = moved[half + 4];
        const d = moved[half + 6];
        const e = moved[half + 8];
        state[half] = a ^ (~b & c);
        state[half + 2] = b ^ (~c & d);
        state[half + 4] = c ^ (~d & e);
        state[half + 6] = d ^ (~e & a);
        state[half + 8] = e ^ (~a & b);
      }
    }
    state[0] ^= ROUND_WORDS[2 * round];
    state[1] ^= ROUND_WORDS[2 * round + 1];
  }
}

/** The round constants by their shift register (section 3.2.5), and by how much and whither each lane moves (3.2.2, 3.2.3). */
function constants() {
  const words = new Int32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let power = 0; power <= 6; power += 1) {
      const bit = (1 << power) - 1;
      words[2 * round + (bit >> 5)] |= (register & 1) << (bit & 31);
      register <<= 1;
      if (register & 0x100) register ^= 0x171;
    }
  }
  const turns = new Uint8Array(25);
  const places = new Uint8Array(25);
  for (let step = 0, x = 1, y = 0; step < ROUNDS; step += 1) {
    turns[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64;
    const next = (2 * x + 3 * y) % 5;
    places[x + 5 * y] = y + 5 * next;
    [x, y] = [y, next];
  }
  return { words, turns, places };
}
