// Whether this installation takes calls, and where its phones register.

import { calling } from "./api.js";

const AGAIN_MS = 5_000;

export class Calling extends EventTarget {
  url = null;
  reason = "";
  #timer = 0;

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
      this.url = port ? `${secure ? "wss" : "ws"}://${location.hostname}:${port}/` : null;
      this.reason = reason ?? "";
    } catch (error) {
      this.reason = error.message;
    }
    if (!this.url) this.#timer = setTimeout(() => this.look(), AGAIN_MS);
    if (JSON.stringify([this.url, this.reason]) !== before) this.dispatchEvent(new Event("change"));
  }
}
