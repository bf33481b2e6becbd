// What this device knows, kept sealed in the browser, and who is told when it changes.

import { random } from "./crypto/bytes.js";
import { deriveKey, stretch } from "./crypto/stretch.js";
import { LocalStore, generateLocalKey, sealState, unsealState } from "./device/local_store.js";
import { Refused } from "./refused.js";

// Unlocking happens many times a day, on telephones: OWASP's least cost.
const LOCK_COST = { memory_KiB: 19_456, passes: 2, lanes: 1 };
const EMPTY_STATE = { entries: [], member: null, joining: null, recovering: null, approvals: null };

/** Tells `change` after each change, `lock` when it locks. */
export class Session extends EventTarget {
  state = null;
  #store;
  #key = null;
  #queue = Promise.resolve();

  static async open() {
    const session = new Session();
    session.#store = await LocalStore.open();
    if (await session.#store.get("lock")) return session;
    session.#key = await session.#store.get("key");
    if (session.#key) {
      session.state = await unsealState(session.#key, await session.#store.get("state"));
    } else {
      session.#key = await generateLocalKey();
      session.state = structuredClone(EMPTY_STATE);
      await session.#store.put({ key: session.#key, state: await sealState(session.#key, session.state) });
    }
    return session;
  }

  get isLocked() {
    return this.state === null;
  }

  async hasLock() {
    return Boolean(await this.#store.get("lock"));
  }

  /** Change a copy of the state by `step` and keep it before anybody sees it. `keys` are CryptoKeys to keep beside it. */
  change(step, keys = {}) {
    return this.#inOrder(async () => {
      if (this.isLocked) throw new Refused("locked", "The app is locked.");
      const next = structuredClone(this.state);
      const result = step(next);
      await this.#store.put({ ...keys, state: await sealState(this.#key, next) });
      this.state = next;
      this.dispatchEvent(new Event("change"));
      return result;
    });
  }

  keep(name) {
    return this.#store.get(name);
  }

  /** From now on `code` is needed to read what is here; it is not kept. */
  async setLock(code) {
    if ([...code].length < 6) throw new Refused("short", "A lock code has at least six characters.");
    const salt = random(16);
    const key = await deriveKey(await stretch(code, salt, LOCK_COST), "lock");
    await this.#inOrder(async () => {
      await this.#store.put({ lock: { salt, cost: LOCK_COST }, key: null, state: await sealState(key, this.state) });
      this.#key = key;
    });
  }

  async removeLock() {
    const key = await generateLocalKey();
    await this.#inOrder(async () => {
      await this.#store.put({ lock: null, key, state: await sealState(key, this.state) });
      this.#key = key;
    });
  }

  async unlock(code) {
    const { salt, cost } = await this.#store.get("lock");
    const key = await deriveKey(await stretch(code, salt, cost), "lock");
    const state = await unsealState(key, await this.#store.get("state"));
    if (state === null) throw new Refused("code", "That is not the lock code.");
    this.#key = key;
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** Forget what was opened. Without a lock nothing happens. */
  async lock() {
    if (!(await this.hasLock())) return;
    await this.#inOrder(async () => {
      this.#key = null;
      this.state = null;
    });
    this.dispatchEvent(new Event("lock"));
  }

  #inOrder(step) {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => null);
    return done;
  }
}
