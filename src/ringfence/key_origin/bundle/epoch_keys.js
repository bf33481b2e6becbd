// The keys of hours, opened as they are wanted and each of them once, with what is open of an account.

import { fromBase64url } from "./crypto/bytes.js";
import { openEpoch } from "./crypto/records.js";

/**
 * Gives the key of an epoch, for HKDF alone; an Error where none of `keys` opens it.
 * `epochs` are sealed keys by epoch: {epoch: [[generation, sealed]]}.
 */
export function epochKeys(keys, account, epochs) {
  const byGeneration = new Map(keys.map((key) => [key.generation, key]));
  const opening = new Map();
  return (epoch) => {
    if (!opening.has(epoch)) opening.set(epoch, firstThatOpens(byGeneration, account, epoch, epochs[epoch] ?? []));
    return opening.get(epoch);
  };
}

async function firstThatOpens(byGeneration, account, epoch, boxes) {
  for (const [generation, sealed] of boxes) {
    const key = byGeneration.get(generation);
    if (key) return openEpoch(key, account, epoch, fromBase64url(sealed));
  }
  throw new Error("no key of that epoch");
}
