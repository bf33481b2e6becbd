// The sealed fields of an account's records, opened and read with what is open of it.

import { fromBase64url } from "./crypto/bytes.js";
import { decode } from "./crypto/msgpack.js";
import { openField, recordKey } from "./crypto/records.js";
import { epochKeys } from "./epoch_keys.js";

/**
 * Gives a function of a record {sid, epoch}, a field's name and its sealed text, base64url: what is written there, or null
 * where it does not open. `epochs` are sealed keys by epoch: {epoch: [[generation, sealed]]}.
 */
export function fieldReader(keys, account, epochs) {
  const epochKey = epochKeys(keys, account, epochs);
  const opening = new Map();
  return readerBy(account, ({ sid, epoch }) => {
    if (!opening.has(sid)) opening.set(sid, epochKey(epoch).then((key) => recordKey(key, sid)));
    return opening.get(sid);
  });
}

/** The same with the key of a record as `keyOf` gives it, for AES-GCM. */
export function readerBy(account, keyOf) {
  return async (record, field, sealed) => {
    if (!sealed) return null;
    try {
      return decode(await openField(await keyOf(record), account, record.sid, field, fromBase64url(sealed)));
    } catch {
      return null;
    }
  };
}
