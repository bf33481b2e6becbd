// A phone's end of SIP: registers one address over one WebSocket, takes calls and makes them.
// Source: RFC 3261, sections 10 and 8; RFC 7118, section 5.

import { Call } from "./call.js";
import { Flow } from "./flow.js";
import { parseAddress, parameter, token, userOf } from "./sip_message.js";
import { Transactions } from "./transactions.js";

const EXPIRES_S = 600;
const RETRY_MS = 5_000;
const REGISTER_ALLOW = "INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS";

/**
 * `user` is the number or identity, `domain` the host of its address; `password` an Access Token, or "".
 * `media()` makes the sound of one call. Tells `state` and, for each call that comes or goes, `call`.
 */
export class UserAgent extends EventTarget {
  state = "away";
  problem = "";
  #calls = new Set();
  #timer = 0;
  #sequence = 0;
  #registration = { callId: token(), tag: token(5) };

  constructor({ url, user, domain, name = "", password = "", media }) {
    super();
    Object.assign(this, { user, domain, name, password, media });
    this.flow = new Flow(url);
    this.transactions = new Transactions(this.flow, {
      onRequest: (request, respond, tag) => this.#request(request, respond, tag),
      onAck: (ack) => this.#calls.forEach((call) => call.acknowledged(ack)),
      onCancel: (invite) => this.#calls.forEach((call) => call.canceled(invite)),
    });
    this.contactUser = token(5);
    this.flow.addEventListener("open", () => this.#register(EXPIRES_S));
    this.flow.addEventListener("lost", () => {
      clearTimeout(this.#timer);
      this.#calls.forEach((call) => call.lost());
      this.#move("away");
    });
  }

  get contact() {
    return `<sip:${this.contactUser}@${this.transactions.host};transport=ws>`;
  }

  get address() {
    return `sip:${encodeUser(this.user)}@${this.domain}`;
  }

  /** The call that is on, or null: a phone has one. */
  get call() {
    return [...this.#calls].find((call) => !call.isOver) ?? null;
  }

  start() {
    this.#move("registering");
    this.flow.start();
  }

  /** Hang up, take the registration back and leave. */
  stop() {
    this.#calls.forEach((call) => call.hangUp());
    clearTimeout(this.#timer);
    if (this.flow.isOpen) this.#register(0);
    this.flow.stop();
  }

  /** Call a number, an identity or a SIP URI; null while another call is on. */
  dial(target, headers = []) {
    if (this.call) return null;
    const uri = /^sips?:/i.test(target) ? target : `sip:${encodeUser(target)}@${this.domain}`;
    const call = new Call({ agent: this, media: this.media(), direction: "outgoing", peer: target });
    this.#keep(call);
    const from = `${this.name ? `"${this.name.replace(/["\\]/g, "\\$&")}" ` : ""}<${this.address}>;tag=${token(5)}`;
    call.start(uri, [["From", from], ["To", `<${uri}>`], ["Call-ID", token()], ["CSeq", "1 INVITE"], ...headers]);
    return call;
  }

  #register(expiresS, authorization = null) {
    this.#sequence += 1;
    const own = `<${this.address}>`;
    const headers = [
      ["From", `${own};tag=${this.#registration.tag}`],
      ["To", own],
      ["Call-ID", this.#registration.callId],
      ["CSeq", `${this.#sequence} REGISTER`],
      ["Contact", `${this.contact};expires=${expiresS}`],
      ["Expires", String(expiresS)],
      ["Allow", REGISTER_ALLOW],
      ...(this.password ? [["Authorization", `Bearer ${this.password}`]] : []),
      ...(authorization ? [authorization] : []),
    ];
    this.transactions.ask({ method: "REGISTER", uri: `sip:${this.domain}`, headers }, (response) => this.#registered(response, expiresS));
  }

  #registered(response, expiresS) {
    if (response.status < 200 || expiresS === 0 || !this.flow.isOpen) return;
    if (response.status < 300) {
      const ours = response.all("Contact").find((contact) => contact.includes(this.contactUser)) ?? "";
      const grantedS = Number(parameter(ours, "expires") || response.get("Expires") || expiresS);
      this.problem = "";
      this.#move("ready");
      this.#again(Math.max(grantedS * 500, RETRY_MS));
      return;
    }
    this.problem = `${response.status} ${response.reason}`.trim();
    this.#move("refused");
    this.#again(response.status === 403 ? RETRY_MS * 12 : RETRY_MS);
  }

  #again(delayMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#register(EXPIRES_S), delayMs);
  }

  #request(request, respond, tag) {
    if ([...this.#calls].some((call) => call.take(request, respond))) return;
    if (parseAddress(request.get("To")).tag) respond(481, "Call/Transaction Does Not Exist");
    else if (request.method === "INVITE") this.#invited(request, respond, tag);
    else if (request.method === "OPTIONS") respond(200, "OK", { headers: [["Allow", REGISTER_ALLOW]] });
    else respond(405, "Method Not Allowed", { headers: [["Allow", REGISTER_ALLOW]] });
  }

  #invited(invite, respond, tag) {
    if (this.call) {
      respond(486, "Busy Here");
      return;
    }
    const from = parseAddress(invite.get("From"));
    const call = new Call({ agent: this, media: this.media(), direction: "incoming", peer: userOf(from.uri) || from.uri, name: from.display });
    this.#keep(call);
    call.ring(invite, respond, tag);
  }

  #keep(call) {
    this.#calls.add(call);
    call.addEventListener("change", () => {
      if (call.isOver) this.#calls.delete(call);
    });
    this.dispatchEvent(new CustomEvent("call", { detail: call }));
  }

  #move(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

/** A user part as RFC 3261 writes it: E.164 stays readable. */
function encodeUser(user) {
  return encodeURIComponent(user).replaceAll("%2B", "+");
}
