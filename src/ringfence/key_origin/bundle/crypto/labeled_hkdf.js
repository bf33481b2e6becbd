// LabeledExtract and LabeledExpand with HKDF-SHA256 (RFC 9180, section 4). One of each is one HKDF of WebCrypto's: then no
// script has the bytes between them.

import { EMPTY, bigEndian, concat, utf8 } from "./bytes.js";

const HASH_BYTES = 32;

/** `value` under a label of a suite, to be extracted from. */
export const labeled = (suite, label, value) => concat(utf8("HPKE-v1"), suite, utf8(label), value);

/** WebCrypto's HKDF under `salt`, to `length` bytes under a label. */
export const expanding = (salt, suite, label, info, length) => ({
  name: "HKDF",
  hash: "SHA-256",
  salt,
  info: concat(bigEndian(length, 2), utf8("HPKE-v1"), suite, utf8(label), info),
});

/** What HKDF starts from. */
export const material = (bytes) => crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits", "deriveKey"]);

/** HKDF-Extract under no salt, which is a hash's length of zeros. */
export async function extract(value) {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(HASH_BYTES), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, value));
}

/** `value` extracted and expanded, `length` bytes of it. */
export async function derived(suite, [from, value], [to, info], length) {
  const bits = await crypto.subtle.deriveBits(expanding(EMPTY, suite, to, info, length), await material(labeled(suite, from, value)), 8 * length);
  return new Uint8Array(bits);
}
