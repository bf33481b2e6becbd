// From a content key to the fields of a record, as domain/sealing/epoch.py and record.py have it.

import { Refused } from "../refused.js";
import { place, utf8 } from "./bytes.js";
import { unseal, unsealKey } from "./hpke.js";

const EPOCH = "ringfence/epoch/v1";
const RECORD = utf8("ringfence/record/v1");
const NONCE_BYTES = 12;

/** An epoch's key, for HKDF alone. Refused where it is sealed to another content key. */
export const openEpoch = (contentPair, account, epoch, sealed) => unsealKey(contentPair, sealed, place(EPOCH, account, epoch));

/** The same as bytes, to be sealed again for somebody whom its owner lets read that hour. */
export const openEpochBytes = (contentPair, account, epoch, sealed) => unseal(contentPair, sealed, place(EPOCH, account, epoch));

const recordHkdf = (sid) => ({ name: "HKDF", hash: "SHA-256", salt: RECORD, info: utf8(sid) });

/** The key of one record, which opens that record and no other. */
export const recordKey = (epochKey, sid) =>
  crypto.subtle.deriveKey(recordHkdf(sid), epochKey, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);

/** The same as bytes, to be sealed again for somebody whom its owner lets read that record. */
export const recordKeyBytes = async (epochKey, sid) => new Uint8Array(await crypto.subtle.deriveBits(recordHkdf(sid), epochKey, 256));

/** One field of a record, as bytes, or Refused: of another account, record or field, or altered. */
export async function openField(key, account, sid, field, sealed) {
  const how = { name: "AES-GCM", iv: sealed.slice(0, NONCE_BYTES), additionalData: place(account, sid, field) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.slice(NONCE_BYTES)));
  } catch {
    throw new Refused("sealed", "This does not open.");
  }
}
