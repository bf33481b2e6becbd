// HPKE, base mode, single shot: X25519, HKDF-SHA256, AES-256-GCM (RFC 9180, suite 0x0020 0x0001 0x0002).
// A sealed value is the 32-byte encapsulated key, then ciphertext and tag, as the key service keeps it.

import { Refused } from "../refused.js";
import { EMPTY, bigEndian, concat, fromBase64url, utf8 } from "./bytes.js";

const CURVE = { name: "X25519" };
const KEY_BYTES = 32;
// PKCS#8 of an X25519 private key up to the key itself (RFC 8410, section 7): WebCrypto takes no bare one.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20);
const KEM = concat(utf8("KEM"), bigEndian(0x0020, 2));
const SUITE = concat(utf8("HPKE"), bigEndian(0x0020, 2), bigEndian(0x0001, 2), bigEndian(0x0002, 2));

/** Whether this browser has what all of this needs. */
export async function isAble() {
  try {
    await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
    return true;
  } catch {
    return false;
  }
}

/** A pair from its private half, 32 bytes. What it holds cannot be taken out of it again. */
export async function pairOf(bytes) {
  const der = concat(PKCS8, bytes);
  try {
    const shown = await crypto.subtle.exportKey("jwk", await crypto.subtle.importKey("pkcs8", der, CURVE, true, ["deriveBits"]));
    const privateKey = await crypto.subtle.importKey("pkcs8", der, CURVE, false, ["deriveBits"]);
    return { privateKey, publicBytes: fromBase64url(shown.x) };
  } catch {
    throw new Refused("key", "This browser does not take an X25519 key: a newer one does.");
  } finally {
    der.fill(0);
  }
}

/** What the owner of `publicBytes` (32) alone opens; `info` and `data` must be the same then. */
export async function seal(publicBytes, plaintext, info, { data = EMPTY, ephemeral = null } = {}) {
  const pair = ephemeral ?? (await newPair());
  const dh = await agreed(pair.privateKey, publicBytes);
  const { key, iv } = await schedule(dh, concat(pair.publicBytes, publicBytes), info, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: data }, key, plaintext);
  return concat(pair.publicBytes, new Uint8Array(sealed));
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

/** X25519 (RFC 7748, section 6.1). Refused for a public key that makes a secret of zeros. */
export async function agreed(privateKey, publicBytes) {
  try {
    const publicKey = await crypto.subtle.importKey("raw", publicBytes, CURVE, true, []);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: publicKey }, privateKey, 8 * KEY_BYTES));
  } catch {
    throw new Refused("key", "That is no public key.");
  }
}

/** A new pair, whose private half cannot be taken out of it. */
export async function newPair() {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  return { privateKey: pair.privateKey, publicBytes: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

async function opener(pair, sealed, info, usages) {
  const encapsulated = sealed.slice(0, KEY_BYTES);
  const dh = await agreed(pair.privateKey, encapsulated);
  const scheduled = await schedule(dh, concat(encapsulated, pair.publicBytes), info, usages);
  return { ...scheduled, ciphertext: sealed.slice(KEY_BYTES) };
}

// LabeledExtract followed by LabeledExpand is one HKDF of WebCrypto's: two extractions need no bytes between them.
async function schedule(dh, kemContext, info, usages) {
  const encapsulated = await material(labeled(KEM, "eae_prk", dh));
  const [shared, pskIdHash, infoHash] = await Promise.all([
    crypto.subtle.deriveBits(hkdf(EMPTY, expanded(KEM, "shared_secret", kemContext, KEY_BYTES)), encapsulated, 8 * KEY_BYTES),
    extract(labeled(SUITE, "psk_id_hash", EMPTY)),
    extract(labeled(SUITE, "info_hash", info)),
  ]);
  const context = concat(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = await material(labeled(SUITE, "secret", EMPTY));
  const [key, iv] = await Promise.all([
    crypto.subtle.deriveKey(hkdf(shared, expanded(SUITE, "key", context, KEY_BYTES)), secret, { name: "AES-GCM", length: 256 }, false, usages),
    crypto.subtle.deriveBits(hkdf(shared, expanded(SUITE, "base_nonce", context, 12)), secret, 96),
  ]);
  return { key, iv };
}

const labeled = (suite, label, value) => concat(utf8("HPKE-v1"), suite, utf8(label), value);
const expanded = (suite, label, info, length) => concat(bigEndian(length, 2), utf8("HPKE-v1"), suite, utf8(label), info);
const hkdf = (salt, info) => ({ name: "HKDF", hash: "SHA-256", salt, info });
const material = (bytes) => crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits", "deriveKey"]);

/** HKDF-Extract under no salt, which is a hash's length of zeros. */
async function extract(value) {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(KEY_BYTES), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, value));
}
