// From a passphrase to keys: Argon2id in a worker, then HKDF.

import { utf8 } from "./bytes.js";
import { Refused } from "../refused.js";
import { scriptUrl } from "../trusted.js";

/** What new passphrases cost to guess; the least that is accepted is OWASP's: 19 MiB, two passes. */
export const COST = { memory_KiB: 65_536, passes: 2, lanes: 1 };
const LEAST = { memory_KiB: 19_456, passes: 2, lanes: 1 };
const MOST = { memory_KiB: 1_048_576, passes: 16, lanes: 16 };

/** Refuses costs that would give a passphrase away cheaply, or keep this machine busy for ever. */
export function checkCost(cost) {
  for (const name of Object.keys(LEAST)) {
    if (!Number.isInteger(cost[name]) || cost[name] < LEAST[name] || cost[name] > MOST[name]) {
      throw new Refused("cost", "The cost of guessing is not what this app accepts: this backup may have been altered.");
    }
  }
}

/** HKDF material from a passphrase. What looks alike is alike: NFKC. */
export async function stretch(passphrase, salt, cost) {
  checkCost(cost);
  const worker = new Worker(scriptUrl("worker"), { type: "module" });
  try {
    const stretched = await new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }) => resolve(data));
      worker.addEventListener("error", () => reject(new Refused("memory", "This browser could not compute the key.")));
      worker.postMessage({ password: utf8(passphrase.normalize("NFKC")), salt, length: 32, ...cost });
    });
    return await crypto.subtle.importKey("raw", stretched, "HKDF", false, ["deriveKey", "deriveBits"]);
  } finally {
    worker.terminate();
  }
}

const hkdf = (purpose) => ({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(purpose) });

export function deriveKey(material, purpose) {
  return crypto.subtle.deriveKey(hkdf(purpose), material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export async function deriveBytes(material, purpose, length) {
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(purpose), material, length * 8));
}
