// Signatures of devices: ECDSA over P-256 with SHA-256, public keys as 65 bytes, signatures as 64 (RFC 6090's r and s).

import { Refused } from "../refused.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SCHEME = { name: "ECDSA", hash: "SHA-256" };

/** A key pair to sign with. Only a recovery key may ever leave the browser, inside a sealed backup. */
export function generateSigningKey(extractable = false) {
  return crypto.subtle.generateKey(CURVE, extractable, ["sign", "verify"]);
}

export async function sign(privateKey, message) {
  return new Uint8Array(await crypto.subtle.sign(SCHEME, privateKey, message));
}

/** Whether the owner of `publicKey` signed `message`. */
export async function verify(publicKey, message, signature) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, CURVE, true, ["verify"]);
  } catch {
    throw new Refused("key", "That is no public key.");
  }
  return crypto.subtle.verify(SCHEME, key, signature, message);
}

export const exportPrivate = (key) => crypto.subtle.exportKey("jwk", key);
export const importPrivate = (jwk) => crypto.subtle.importKey("jwk", jwk, CURVE, false, ["sign"]);
