// A recovery kit's secret as people read it from paper, as domain/recovery_kit.py has it: 13 groups of five characters in
// Crockford's Base32, the fifth of each a sum over GF(32) that its number is part of. What is wrong is found by group.

import { hex } from "./crypto/bytes.js";
import { slotOf } from "./crypto/slots.js";
import { Refused } from "./refused.js";

const GROUPS = 13;
const DATA = 4;
const SECRET_BYTES = 32;
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MEANT = { O: "0", I: "1", L: "1" };
const POLYNOMIAL = 0b100101; // x^5 + x^2 + 1

/** The name of an account's kit among its credentials. */
export const kitOf = (account) => `RK${account.slice(2)}`;

/** The slot of an account's kit, from what was typed: case, spaces and hyphens do not count. Refused, by group. */
export async function slotOfKit(written, account) {
  const secret = readKit(written);
  try {
    return await slotOf(hex(secret), kitOf(account));
  } finally {
    secret.fill(0);
  }
}

/** The 32 bytes of a kit's secret. */
export function readKit(written) {
  const characters = [...written.toUpperCase().replaceAll(/[\s-]/g, "")].map((each) => MEANT[each] ?? each);
  const expected = GROUPS * (DATA + 1);
  if (characters.length !== expected) throw wrong(`A kit has ${expected} characters, and these are ${characters.length}.`);
  const values = characters.map((each) => ALPHABET.indexOf(each));
  const data = [];
  for (let group = 0; group < GROUPS; group += 1) {
    const found = values.slice(group * (DATA + 1), (group + 1) * (DATA + 1));
    if (found.includes(-1) || checkOf(group, found.slice(0, DATA)) !== found[DATA]) {
      throw wrong(`Group ${group + 1} of ${GROUPS} is not as it was written.`);
    }
    data.push(...found.slice(0, DATA));
  }
  // 256 bits of secret, then four of version, five bits a character.
  const bits = data.flatMap((value) => [16, 8, 4, 2, 1].map((bit) => (value & bit ? 1 : 0)));
  if (bits.slice(8 * SECRET_BYTES).includes(1)) throw wrong("That kit is of a later version.");
  return Uint8Array.from({ length: SECRET_BYTES }, (_, at) => bits.slice(8 * at, 8 * at + 8).reduce((byte, bit) => 2 * byte + bit, 0));
}

const wrong = (words) => new Refused("kit", words);

function checkOf(group, values) {
  let weight = 2;
  return values.reduce((total, value) => {
    const next = total ^ times(value, weight);
    weight = times(weight, 2);
    return next;
  }, group + 1);
}

function times(one, other) {
  let product = 0;
  for (let a = one, b = other; b; b >>= 1) {
    if (b & 1) product ^= a;
    a <<= 1;
    if (a & 0b100000) a ^= POLYNOMIAL;
  }
  return product;
}
