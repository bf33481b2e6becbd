// The key that a session is bound to: made here, kept by the browser, and not to be read out of it.
import { toBase64url } from "./base64url.js";

const STORE = "keys";
const NAME = "session";

/** A new key, not kept yet: `public_jwk` goes to the server, `kept` into `keepKey` once the session is open. */
export async function newKey() {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(curve, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  // RFC 7638: these members, in this order.
  const named = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  const id = toBase64url(await crypto.subtle.digest("SHA-256", named));
  return { public_jwk: { kty, crv, x, y }, kept: { id, key: pair.privateKey } };
}

/** Keep it; `ahead_ms` is how far the server's clock is ahead of this machine's. */
export function keepKey(kept, ahead_ms) {
  return stored("readwrite", (keys) => keys.put({ ...kept, ahead_ms }, NAME));
}

/** Whether there is one. */
export async function hasKey() {
  return (await stored("readonly", (keys) => keys.count(NAME))) > 0;
}

/** Forget it. */
export function forgetKey() {
  return stored("readwrite", (keys) => keys.delete(NAME));
}

function stored(mode, ask) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ringfence-session", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(STORE, mode);
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
      opening.result.close();
    };
  });
}
