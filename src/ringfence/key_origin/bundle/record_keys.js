// The key of one record as bytes, by either way to it: what is open of an account, or what a grant gave. Whoever asks wipes it.

import { openEpochBytes, recordKeyBytes } from "./crypto/records.js";
import { fromBase64url } from "./crypto/bytes.js";
import { epochKeys } from "./epoch_keys.js";
import { EPOCH } from "./grant_scope.js";
import { Refused } from "./refused.js";

const NOT_OPEN = "Your keys do not open that hour.";

/** With content keys that are open. `epochs` are sealed keys by epoch: {epoch: [[generation, sealed]]}. */
export async function ownRecordKey(keys, account, epochs, { sid, epoch }) {
  const epochKey = await epochKeys(keys, account, epochs)(epoch).catch(() => {
    throw new Refused("closed", NOT_OPEN);
  });
  return recordKeyBytes(epochKey, sid);
}

/** As `ownRecordKey`, the key of a whole epoch, which opens all that was sealed in it. */
export async function ownEpochKey(keys, account, epochs, epoch) {
  for (const [generation, sealed] of epochs[epoch] ?? []) {
    const pair = keys.find((key) => key.generation === generation);
    if (pair) return openEpochBytes(pair, account, epoch, fromBase64url(sealed));
  }
  throw new Refused("closed", NOT_OPEN);
}

/** With keys by name, as a grant gave them: the record's own, or its hour's. null where it has neither. */
export async function grantedRecordKey(granted, { sid, epoch }) {
  if (granted.has(sid)) return granted.get(sid).slice();
  const hour = granted.get(`${EPOCH}${epoch}`);
  return hour ? recordKeyBytes(await crypto.subtle.importKey("raw", hour, "HKDF", false, ["deriveBits"]), sid) : null;
}
