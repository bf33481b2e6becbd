// An account's entries of the ledger as a console brings them, which is not believed: each is checked against the signed
// root, and the root against the last one that this browser saw.

import { concat, sha256, text } from "./crypto/bytes.js";
import { base64, openCheckpoint } from "./crypto/checkpoint.js";
import { isBeginning, isIncluded, leafHash } from "./crypto/tree.js";
import { pressed } from "./dom.js";
import { Refused } from "./refused.js";

const SEEN = "ringfence-ledger";

/** What this browser saw last: {key, size, root}, or null. */
export function seen() {
  try {
    const found = JSON.parse(localStorage.getItem(SEEN));
    return found && Number.isSafeInteger(found.size) ? found : null;
  } catch {
    return null;
  }
}

/**
 * Entries: {body, salt, proof}, the bytes as Base64, under the note `checkpoint` of the ledger of `key`; `consistency`
 * leads from the size that `seen` told to this one. Gives {signed, said, rows}: the checkpoint, what it is to what was
 * seen before, in words, and the entries in order, null for one that is not in the ledger or of another account.
 */
export async function provenEntries(account, { checkpoint, key, entries, consistency }) {
  const signed = await openCheckpoint(checkpoint, key);
  const said = await sameHistory(signed, key, consistency);
  return { signed, said, rows: await Promise.all(entries.map((entry) => checked(account, signed, entry))) };
}

async function sameHistory(signed, key, consistency) {
  const before = seen();
  if (before && before.key !== key) {
    await pressed("Believe the new key", `The ledger has another key than when you last looked: ${key}. Ask the operator whether it was made anew.`, async () => {});
  }
  if (before && !(await isBeginning(before.size, base64(before.root), signed.size, signed.root, (consistency ?? []).map(base64)))) {
    throw new Refused("ledger", "The ledger does not begin with what you saw last: its past was changed. Keep this page as evidence.");
  }
  try {
    localStorage.setItem(SEEN, JSON.stringify({ key, size: signed.size, root: btoa(String.fromCharCode(...signed.root)) }));
  } catch {
    return "This browser keeps nothing here, so nothing was compared with before.";
  }
  return before ? `It begins with the ${before.size} that you saw last.` : "You look for the first time: the next time it must begin with this.";
}

async function checked(account, signed, { body, salt, proof }) {
  try {
    const bytes = base64(body);
    const found = JSON.parse(text(bytes));
    const leaf = await leafHash(await sha256(concat(base64(salt), bytes)));
    const sound = found.account === account && (await isIncluded(found.n, signed.size, leaf, proof.map(base64), signed.root));
    return sound ? found : null;
  } catch {
    return null;
  }
}
