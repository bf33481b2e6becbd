// A handset's line: registered while the page is open, with one call at a time.

import { AudioLeg } from "./softphone/audio_leg.js";
import { quiet, ring, ringback } from "./softphone/ringer.js";
import { UserAgent } from "./softphone/user_agent.js";

/** Tells `change` for all that can be seen, `ringing` for a call that comes in, and `over` for one that has ended. */
export class HandsetLine extends EventTarget {
  call = null;
  #agent = null;
  #stopRingback = null;

  constructor(number, calling) {
    super();
    this.number = number;
    this.calling = calling;
    this.follow = () => this.#follow();
    calling.addEventListener("change", this.follow);
    this.#follow();
  }

  get isReady() {
    return this.#agent?.state === "ready";
  }

  /** Why there can be no call now, "" where there can. */
  get reason() {
    if (!this.#agent) return this.calling.reason || "Looking for the network…";
    if (this.#agent.state === "refused") return `The network refuses this phone: ${this.#agent.problem}`;
    return this.isReady ? "" : "Connecting to the network…";
  }

  dial(number) {
    const call = this.#agent?.dial(number);
    return call ?? null;
  }

  close() {
    this.calling.removeEventListener("change", this.follow);
    this.#leave();
  }

  #follow() {
    if (this.#agent?.flow.url === this.calling.url) return;
    this.#leave();
    if (this.calling.url) {
      const media = () => new AudioLeg();
      this.#agent = new UserAgent({ url: this.calling.url, user: this.number, domain: this.calling.domain, media });
      this.#agent.addEventListener("state", () => {
        // Who does not answer any more may have moved.
        if (this.#agent?.state === "away") this.calling.look();
        this.#changed();
      });
      this.#agent.addEventListener("call", ({ detail }) => this.#take(detail));
      this.#agent.start();
    }
    this.#changed();
  }

  #leave() {
    this.#agent?.stop();
    this.#agent = null;
  }

  #take(call) {
    this.call = call;
    const incoming = call.direction === "incoming";
    if (incoming) ring(call);
    call.addEventListener("change", () => {
      if (call.state !== "incoming") quiet(call);
      this.#soundRingback(call);
      this.#changed();
      if (call.isOver) this.dispatchEvent(new CustomEvent("over", { detail: call }));
    });
    this.#changed();
    if (incoming) this.dispatchEvent(new CustomEvent("ringing", { detail: call }));
  }

  /** Until the other end sends sound of its own. */
  #soundRingback(call) {
    const wanted = call.state === "ringing" && !call.early;
    if (wanted && !this.#stopRingback) this.#stopRingback = ringback();
    if (!wanted && this.#stopRingback) {
      this.#stopRingback();
      this.#stopRingback = null;
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
