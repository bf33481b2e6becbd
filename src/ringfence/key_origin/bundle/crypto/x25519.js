// X25519 by WebCrypto, which gives a private key to no script. Source: RFC 7748.

import { Refused } from "../refused.js";
import { concat, fromBase64url } from "./bytes.js";

const CURVE = { name: "X25519" };
export const KEY_BYTES = 32;
// PKCS#8 of an X25519 private key up to the key itself (RFC 8410, section 7): WebCrypto takes no bare one.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20);

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

/** A new pair, whose private half cannot be taken out of it. */
export async function newPair() {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  return { privateKey: pair.privateKey, publicBytes: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** The secret shared, 32 bytes (section 6.1). Refused for a public key that makes a secret of zeros. */
export async function agreed(privateKey, publicBytes) {
  try {
    const publicKey = await crypto.subtle.importKey("raw", publicBytes, CURVE, true, []);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: publicKey }, privateKey, 8 * KEY_BYTES));
  } catch {
    throw new Refused("key", "That is no public key.");
  }
}
