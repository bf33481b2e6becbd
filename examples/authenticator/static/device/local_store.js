// What this browser keeps: keys that cannot be exported, and everything else sealed under one of them.

import { random, text, utf8 } from "../crypto/bytes.js";

const DATABASE = "authenticator";
const STORE = "kept";
const NONCE_BYTES = 12;

/** The state is one JSON object; `key` seals it. With a lock, `key` is derived and is not kept here. */
export class LocalStore {
  #database;

  static async open() {
    const store = new LocalStore();
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    store.#database = await done(request);
    return store;
  }

  get(name) {
    return done(this.#database.transaction(STORE).objectStore(STORE).get(name));
  }

  /** All of `values` or none; a null erases. */
  async put(values) {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    const kept = transaction.objectStore(STORE);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) kept.delete(name);
      else kept.put(value, name);
    }
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }
}

/** A key for this browser alone: it can be used here, and not read. */
export function generateLocalKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export async function sealState(key, state) {
  const nonce = random(NONCE_BYTES);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8("state") }, key, utf8(JSON.stringify(state)));
  return { nonce, sealed: new Uint8Array(sealed) };
}

/** The state, or null where `key` is another one. */
export async function unsealState(key, { nonce, sealed }) {
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8("state") }, key, sealed);
    return JSON.parse(text(new Uint8Array(opened)));
  } catch (problem) {
    if (problem.name === "OperationError") return null;
    throw problem;
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
