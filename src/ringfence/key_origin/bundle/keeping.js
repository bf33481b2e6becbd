// Content keys that a member opened, between one page of a console and the next: as keys that no script can read the
// bytes of (of the hybrid's two halves, one), for a quarter of an hour after a person showed a passkey or typed a secret. Nothing prolongs that: what a
// console asks is no sign of a person. Browsers keep them apart for each site that frames us; where one keeps nothing for
// frames of another site, they last no longer than the page.

import { contentPair } from "./crypto/slots.js";
import { Refused } from "./refused.js";

const OPEN_MS = 15 * 60_000;
const STORE = "opened";
const NAME = "now";
let held = null;
// The subaccount that is looked at: {parent, account, keys}.
let child = null;

/** Keep what a slot opened: [{generation, bytes}] of an account, through a credential that was shown at `shown_ms`.
 *  The bytes are wiped. */
export async function keep(account, credential, contentKeys, shown_ms) {
  await put({ account, credential, keys: await pairsOf(contentKeys), until_ms: shown_ms + OPEN_MS });
}

/** Keep what the keys of `parent` opened of a subaccount, for as long as they are open, and on this page alone. */
export async function keepChild(parent, account, contentKeys) {
  child = { parent, account, keys: await pairsOf(contentKeys) };
}

async function pairsOf(contentKeys) {
  const keys = [];
  for (const { generation, bytes } of contentKeys) {
    keys.push({ generation, ...(await contentPair(bytes)) });
    bytes.fill(0);
  }
  return keys;
}

/** What is open, {account, credential, keys}, or null. */
export async function open() {
  const found = await stored("readonly", (opened) => opened.get(NAME)).catch(notKept);
  if (!found || found.until_ms <= Date.now()) {
    if (found) await close();
    return null;
  }
  return found;
}

/** The content keys that are open of `account`, or Refused. */
export async function keysOf(account) {
  const found = await open();
  if (found?.account === account) return found.keys;
  if (found && child?.account === account && child.parent === found.account) return child.keys;
  throw new Refused("locked", "Show your passkey first.");
}

/** Forget it. */
export async function close() {
  held = null;
  child = null;
  await stored("readwrite", (opened) => opened.delete(NAME)).catch(notKept);
}

async function put(now) {
  await stored("readwrite", (opened) => opened.put(now, NAME)).catch((problem) => {
    notKept(problem);
    held = now;
  });
}

function notKept(problem) {
  if (!(problem instanceof DOMException)) throw problem;
  return held;
}

function stored(mode, ask) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ringfence-keys", 1);
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
