// HPKE, base mode, single shot, HKDF-SHA256 and AES-256-GCM (RFC 9180), by one of two KEMs: X25519 (suite 0x0020 0x0001
// 0x0002), or X-Wing (0x647a). The length of a public key tells which. A sealed value is the encapsulated key, then
// ciphertext and tag, as the key service keeps it.

import { Refused } from "../refused.js";
import { EMPTY, bigEndian, concat, utf8 } from "./bytes.js";
import * as dhkem from "./dhkem.js";
import { expanding, extract, labeled, material } from "./labeled_hkdf.js";
import * as xwing from "./xwing.js";

const HKDF_SHA256 = 0x0001;
const AES_256_GCM = 0x0002;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** Whether a public key is of the hybrid. */
export const isHybrid = (publicBytes) => publicBytes.length === xwing.PUBLIC_BYTES;

const kemOf = (publicBytes) => (isHybrid(publicBytes) ? xwing : dhkem);

/** What the owner of `publicBytes` alone opens; `info` and `data` must be the same then. `chosen` is for known answers. */
export async function seal(publicBytes, plaintext, info, { data = EMPTY, ...chosen } = {}) {
  const kem = kemOf(publicBytes);
  const { shared, encapsulated } = await kem.encapsulate(publicBytes, chosen);
  const { key, iv } = await schedule(kem, shared, info, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: data }, key, plaintext);
  return concat(encapsulated, new Uint8Array(sealed));
}

/** What was sealed to `pair`, or Refused. */
export async function unseal(pair, sealed, info, { data = EMPTY } = {}) {
  const { key, iv, ciphertext } = await opener(pair, sealed, info, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: data }, key, ciphertext));
  } catch {
    throw new Refused("sealed", "This does not open.");
  }
}

/** A key that was sealed to `pair`, for HKDF alone: its bytes never become a value of a script. */
export async function unsealKey(pair, sealed, info) {
  const { key, iv, ciphertext } = await opener(pair, sealed, info, ["unwrapKey"]);
  try {
    return await crypto.subtle.unwrapKey("raw", ciphertext, key, { name: "AES-GCM", iv }, "HKDF", false, ["deriveBits", "deriveKey"]);
  } catch {
    throw new Refused("sealed", "This does not open.");
  }
}

async function opener(pair, sealed, info, usages) {
  const kem = kemOf(pair.publicBytes);
  const shared = await kem.decapsulate(pair, sealed.slice(0, kem.ENCAPSULATED_BYTES));
  return { ...(await schedule(kem, shared, info, usages)), ciphertext: sealed.slice(kem.ENCAPSULATED_BYTES) };
}

/** Section 5.1. `shared` is wiped. */
async function schedule(kem, shared, info, usages) {
  const suite = concat(utf8("HPKE"), bigEndian(kem.ID, 2), bigEndian(HKDF_SHA256, 2), bigEndian(AES_256_GCM, 2));
  const [pskIdHash, infoHash, secret] = await Promise.all([
    extract(labeled(suite, "psk_id_hash", EMPTY)),
    extract(labeled(suite, "info_hash", info)),
    material(labeled(suite, "secret", EMPTY)),
  ]);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const [key, iv] = await Promise.all([
    crypto.subtle.deriveKey(expanding(shared, suite, "key", context, KEY_BYTES), secret, { name: "AES-GCM", length: 256 }, false, usages),
    crypto.subtle.deriveBits(expanding(shared, suite, "base_nonce", context, NONCE_BYTES), secret, 8 * NONCE_BYTES),
  ]);
  shared.fill(0);
  return { key, iv };
}
