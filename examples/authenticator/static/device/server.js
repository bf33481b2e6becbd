// What the server is asked. Nothing that it answers is believed before it was checked.

import { sha256, toBase64url, utf8 } from "../crypto/bytes.js";
import { Refused } from "../refused.js";

export const tokenHash = async (token) => toBase64url(await sha256(utf8(token)));

/** One account's part of the server, for the owner of `token`. */
export class Server {
  constructor(account = "", token = "") {
    this.account = account;
    this.token = token;
  }

  get(path) {
    return this.#ask("GET", path);
  }

  post(path, body) {
    return this.#ask("POST", path, body);
  }

  put(path, body) {
    return this.#ask("PUT", path, body);
  }

  delete(path) {
    return this.#ask("DELETE", path);
  }

  /** Refused with code `offline` where there is no answer, else with the server's code. */
  async #ask(method, path, body) {
    const headers = { ...(this.token && { Authorization: `Bearer ${this.token}` }), ...(body && { "Content-Type": "application/json" }) };
    let response;
    try {
      response = await fetch(`/api/accounts${this.account && `/${this.account}`}${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    } catch {
      throw new Refused("offline", "The server cannot be reached.");
    }
    const answered = await response.json().catch(() => ({ code: "answer", message: "The server's answer cannot be read." }));
    if (!response.ok || answered.code) throw new Refused(answered.code ?? "answer", answered.message ?? "The server refused.");
    return answered;
  }
}
