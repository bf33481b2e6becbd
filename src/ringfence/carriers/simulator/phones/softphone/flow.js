// One WebSocket that carries SIP, opened again whenever it is lost.
// Source: RFC 7118 (subprotocol sip, one message a frame).

import { parseMessage } from "./sip_message.js";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;

/** Tells `open`, `message` (its detail is a SipMessage) and `lost`. */
export class Flow extends EventTarget {
  #socket = null;
  #retryMs = FIRST_RETRY_MS;
  #timer = 0;
  #stopped = true;

  constructor(url) {
    super();
    this.url = url;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** False where nothing can be sent now. */
  send(message) {
    if (!this.isOpen) return false;
    this.#socket.send(String(message));
    return true;
  }

  #connect() {
    const socket = new WebSocket(this.url, "sip");
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.dispatchEvent(new Event("open"));
    });
    socket.addEventListener("message", ({ data }) => {
      const message = parseMessage(typeof data === "string" ? data : new TextDecoder().decode(data));
      if (message) this.dispatchEvent(new CustomEvent("message", { detail: message }));
    });
    socket.addEventListener("close", () => {
      this.dispatchEvent(new Event("lost"));
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    });
  }
}
