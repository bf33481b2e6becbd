// Whether this installation takes calls, and where its phones register.
//
// The page's policy opens the WebSocket that was there when the page was loaded, and no other: calls that have begun, or
// moved to another port, since then need the page to be loaded again.

import { calling } from "./api.js";

const AGAIN_MS = 5_000;
const RELOAD = "Calls have begun since this page was opened. Reload it to use them.";

export class Calling extends EventTarget {
  url = null;
  reason = "";
  #timer = 0;
  #blocked = new Set();

  constructor() {
    super();
    document.addEventListener("securitypolicyviolation", ({ blockedURI }) => this.#block(blockedURI));
  }

  /** The host of a handset's address. */
  get domain() {
    return location.hostname;
  }

  /** Ask; while the answer is no, ask again now and then: calls may be installed, or be starting. */
  async look() {
    clearTimeout(this.#timer);
    const before = JSON.stringify([this.url, this.reason]);
    try {
      const { port, secure, reason } = await calling();
      const url = port ? `${secure ? "wss" : "ws"}://${location.hostname}:${port}/` : null;
      const open = url !== null && !this.#blocked.has(url);
      this.url = open ? url : null;
      this.reason = url && !open ? RELOAD : reason ?? "";
    } catch (error) {
      this.reason = error.message;
    }
    if (!this.url) this.#timer = setTimeout(() => this.look(), AGAIN_MS);
    if (JSON.stringify([this.url, this.reason]) !== before) this.dispatchEvent(new Event("change"));
  }

  #block(address) {
    if (this.url === null || !address.startsWith("ws")) return;
    this.#blocked.add(this.url);
    this.look();
  }
}
