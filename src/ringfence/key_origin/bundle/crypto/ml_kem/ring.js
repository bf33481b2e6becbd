// Polynomials over Z_q that ML-KEM counts in: 256 coefficients, as Int32Array. Source: FIPS 203, section 4.3.
//
// Products are reduced by Montgomery's way with R = 2^16: no division, no remainder, nothing that takes longer for one
// value than for another on a processor. An engine may still keep numbers in ways of its own; see docs/why/post-quantum.md.

export const Q = 3329;
export const N = 256;
const Q_INVERSE = -3327; // of q modulo 2^16
const R = 2 ** 16 % Q;
const ROOT = 17;
// Powers of the root in Montgomery's form: of the transforms, and of the products of pairs.
const ZETAS = Int32Array.from({ length: 128 }, (_, at) => raised(reversed(at)));
const GAMMAS = Int32Array.from({ length: 128 }, (_, at) => raised(2 * reversed(at) + 1));
const TO_FORM = (R * R) % Q;
// 1/128, and R twice: once for the product before the inverse transform, once for this one.
const LAST = (((3303 * R) % Q) * R) % Q;

export const polynomial = () => new Int32Array(N);

/** x/R modulo q, between -q and q, for |x| < 2^15 q. */
function montgomery(x) {
  const multiple = (Math.imul(x, Q_INVERSE) << 16) >> 16;
  return (x - Math.imul(multiple, Q)) >> 16;
}

/** The least non-negative residue of each coefficient below 2^16 in size, in place. */
export function reduce(f) {
  for (let at = 0; at < N; at += 1) {
    const residue = centred(f[at]);
    f[at] = residue + ((residue >> 31) & Q);
  }
  return f;
}

const centred = (x) => x - Math.imul((Math.imul(x, 20159) + (1 << 25)) >> 26, Q);

export function add(f, g) {
  for (let at = 0; at < N; at += 1) f[at] += g[at];
  return f;
}

export function subtract(f, g) {
  for (let at = 0; at < N; at += 1) f[at] -= g[at];
  return f;
}

/** Algorithm 9, in place; coefficients are below q in size before, and least residues after. */
export function ntt(f) {
  let zeta = 1;
  for (let length = 128; length >= 2; length >>= 1) {
    for (let start = 0; start < N; start += 2 * length, zeta += 1) {
      for (let at = start; at < start + length; at += 1) {
        const turned = montgomery(Math.imul(ZETAS[zeta], f[at + length]));
        f[at + length] = f[at] - turned;
        f[at] += turned;
      }
    }
  }
  return reduce(f);
}

/** Algorithm 10, in place, of what `product` gave: this takes its factor away. Coefficients are between -q and q after. */
export function inverseNtt(f) {
  let zeta = 127;
  for (let length = 2; length <= 128; length <<= 1) {
    for (let start = 0; start < N; start += 2 * length, zeta -= 1) {
      for (let at = start; at < start + length; at += 1) {
        const held = f[at];
        f[at] = centred(held + f[at + length]);
        f[at + length] = montgomery(Math.imul(ZETAS[zeta], f[at + length] - held));
      }
    }
  }
  for (let at = 0; at < N; at += 1) f[at] = montgomery(Math.imul(f[at], LAST));
  return f;
}

/** The sum of products of two vectors in the transformed ring, algorithms 11 and 12, over R. */
export function product(row, column) {
  const sum = polynomial();
  for (let each = 0; each < row.length; each += 1) {
    const f = row[each];
    const g = column[each];
    for (let at = 0; at < N; at += 2) {
      const high = montgomery(Math.imul(f[at + 1], g[at + 1]));
      sum[at] += montgomery(Math.imul(f[at], g[at])) + montgomery(Math.imul(high, GAMMAS[at >> 1]));
      sum[at + 1] += montgomery(Math.imul(f[at], g[at + 1])) + montgomery(Math.imul(f[at + 1], g[at]));
    }
  }
  return sum;
}

/** What `product` gave, without its factor, in place. */
export function withoutFactor(f) {
  for (let at = 0; at < N; at += 1) f[at] = montgomery(Math.imul(f[at], TO_FORM));
  return f;
}

function reversed(number) {
  let bits = 0;
  for (let place = 0; place < 7; place += 1) bits |= ((number >> place) & 1) << (6 - place);
  return bits;
}

function raised(power) {
  let value = R;
  for (let step = 0; step < power; step += 1) value = (value * ROOT) % Q;
  return value;
}
