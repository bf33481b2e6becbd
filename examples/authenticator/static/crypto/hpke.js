// Seal to a device's key. Source: RFC 9180, base mode, single shot: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

import { concat, utf8 } from "./bytes.js";
import { Refused } from "../refused.js";

const KEM = 0x0010;
const KDF = 0x0001;
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const ENCAPSULATED_BYTES = 65;
const HASH_BYTES = 32;
/** AEADs: identifier and length of the key in bytes. The product uses the second; the RFC's vectors the first. */
export const AES_128_GCM = { id: 0x0001, key_bytes: 16 };
export const AES_256_GCM = { id: 0x0002, key_bytes: 32 };
const EMPTY = new Uint8Array(0);

/** A key pair to seal to; its private half never leaves the browser. */
export function generateSealingKey() {
  return crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
}

/** A public key as the 65 bytes it is sent as. */
export async function exportPublic(key) {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

/** `plaintext` for the owner of `publicKey` (65 bytes) alone; `info` and `data` must be the same to open it. */
export async function seal(publicKey, plaintext, info, { data = EMPTY, aead = AES_256_GCM, ephemeral = null } = {}) {
  const recipient = await importPublic(publicKey);
  const pair = ephemeral ?? (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]));
  const encapsulated = await exportPublic(pair.publicKey);
  const { key, nonce } = await schedule(await agreed(pair.privateKey, recipient), concat(encapsulated, publicKey), info, aead);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: data }, key, plaintext);
  return concat(encapsulated, new Uint8Array(sealed));
}

/** What was sealed to `pair`, or Refused. */
export async function unseal(pair, sealed, info, { data = EMPTY, aead = AES_256_GCM } = {}) {
  const encapsulated = sealed.slice(0, ENCAPSULATED_BYTES);
  const sender = await importPublic(encapsulated);
  const context = concat(encapsulated, await exportPublic(pair.publicKey));
  const { key, nonce } = await schedule(await agreed(pair.privateKey, sender), context, info, aead);
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: data }, key, sealed.slice(ENCAPSULATED_BYTES));
    return new Uint8Array(opened);
  } catch {
    throw new Refused("sealed", "This was not sealed for this device.");
  }
}

async function importPublic(bytes) {
  try {
    return await crypto.subtle.importKey("raw", bytes, CURVE, true, []);
  } catch {
    throw new Refused("key", "That is no public key.");
  }
}

async function agreed(privateKey, publicKey) {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, HASH_BYTES * 8));
}

async function schedule(dh, kemContext, info, aead) {
  const kem = concat(utf8("KEM"), i2osp(KEM, 2));
  const shared = await expand(await extract(EMPTY, kem, "eae_prk", dh), kem, "shared_secret", kemContext, HASH_BYTES);
  const suite = concat(utf8("HPKE"), i2osp(KEM, 2), i2osp(KDF, 2), i2osp(aead.id, 2));
  const context = concat(Uint8Array.of(0), await extract(EMPTY, suite, "psk_id_hash", EMPTY), await extract(EMPTY, suite, "info_hash", info));
  const secret = await extract(shared, suite, "secret", EMPTY);
  const key = await expand(secret, suite, "key", context, aead.key_bytes);
  return {
    key: await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]),
    nonce: await expand(secret, suite, "base_nonce", context, 12),
  };
}

function extract(salt, suite, label, material) {
  return hmac(salt.length ? salt : new Uint8Array(HASH_BYTES), concat(utf8("HPKE-v1"), suite, utf8(label), material));
}

/** One block of HKDF-Expand is enough: nothing here is longer than a hash. */
async function expand(key, suite, label, info, length) {
  const made = await hmac(key, concat(i2osp(length, 2), utf8("HPKE-v1"), suite, utf8(label), info, Uint8Array.of(1)));
  return made.slice(0, length);
}

async function hmac(key, message) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

function i2osp(value, length) {
  return Uint8Array.from({ length }, (_, index) => (value >>> (8 * (length - 1 - index))) & 255);
}
