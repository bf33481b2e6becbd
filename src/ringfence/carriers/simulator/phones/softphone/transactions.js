// Requests and their answers, both ways, on a flow that loses and repeats nothing.
// Source: RFC 3261, section 17, without the timers that unreliable transports need.

import { SipMessage, token } from "./sip_message.js";

const ANSWER_LIMIT_MS = 32_000;
const KEPT_MS = 32_000;

/** Why a request got no answer from the other end. */
export const NO_ANSWER = 408;
export const FLOW_LOST = 503;

export class Transactions {
  #asked = new Map();
  #answered = new Map();

  /** `onRequest(request, respond, tag)` for every new request but ACK, `tag` being what we add to its To; `onAck(ack)`; `onCancel(request)` of an INVITE. */
  constructor(flow, { onRequest, onAck, onCancel }) {
    Object.assign(this, { flow, onRequest, onAck, onCancel });
    this.host = `${token(6)}.invalid`;
    flow.addEventListener("message", ({ detail }) => this.#take(detail));
    flow.addEventListener("lost", () => {
      for (const branch of [...this.#asked.keys()]) this.#settle(branch, local(FLOW_LOST, "Flow lost"));
    });
  }

  /** Send a request; `onResponse` hears each provisional answer and one final one, ours where none came. */
  ask({ method, uri, headers, body = "" }, onResponse) {
    const branch = `z9hG4bK${token()}`;
    const request = new SipMessage({ method, uri, headers: [this.#via(branch), ["Max-Forwards", "70"], ...headers], body });
    const limit = method === "INVITE" ? null : setTimeout(() => this.#settle(branch, local(NO_ANSWER, "No answer")), ANSWER_LIMIT_MS);
    this.#asked.set(branch, { request, onResponse, limit });
    if (!this.flow.send(request)) queueMicrotask(() => this.#settle(branch, local(FLOW_LOST, "Flow lost")));
    return request;
  }

  /** Acknowledge a 2xx, or anything else that expects no answer. */
  tell({ method, uri, headers, body = "" }) {
    this.flow.send(new SipMessage({ method, uri, headers: [this.#via(`z9hG4bK${token()}`), ["Max-Forwards", "70"], ...headers], body }));
  }

  /** Call back an INVITE that has been answered provisionally: its final answer is 487, or the race was lost. */
  cancel(invite) {
    const headers = [["Via", invite.get("Via")], ["Max-Forwards", "70"], ...copied(invite, ["From", "To", "Call-ID"]), ["CSeq", `${invite.sequence.number} CANCEL`]];
    this.flow.send(new SipMessage({ method: "CANCEL", uri: invite.uri, headers }));
  }

  #take(message) {
    if (message.isRequest) this.#request(message);
    else this.#response(message);
  }

  #response(response) {
    if (response.sequence.method === "CANCEL") return;
    const asked = this.#asked.get(response.branch);
    if (!asked) return;
    if (response.status < 200) {
      asked.onResponse(response);
      return;
    }
    if (asked.request.method === "INVITE" && response.status >= 300) this.#acknowledge(asked.request, response);
    this.#settle(response.branch, response);
  }

  #settle(branch, response) {
    const asked = this.#asked.get(branch);
    if (!asked) return;
    this.#asked.delete(branch);
    clearTimeout(asked.limit);
    asked.onResponse(response);
  }

  #acknowledge(invite, response) {
    const headers = [["Via", invite.get("Via")], ["Max-Forwards", "70"], ...copied(invite, ["From"]), ["To", response.get("To")], ...copied(invite, ["Call-ID"]), ["CSeq", `${invite.sequence.number} ACK`]];
    this.flow.send(new SipMessage({ method: "ACK", uri: invite.uri, headers }));
  }

  #request(request) {
    if (request.method === "ACK") {
      this.onAck(request);
      return;
    }
    const known = this.#answered.get(request.branch);
    if (request.method === "CANCEL") {
      this.#responder(request, token(5))(known ? 200 : 481, known ? "OK" : "Call/Transaction Does Not Exist");
      if (known && !known.final) this.onCancel(known.request);
      return;
    }
    if (known) {
      if (known.last) this.flow.send(known.last);
      return;
    }
    const kept = { request, last: null, final: false };
    this.#answered.set(request.branch, kept);
    const tag = token(5);
    const answer = this.#responder(request, tag);
    const respond = (status, reason, { headers = [], body = "" } = {}) => {
      if (kept.final) return;
      kept.final = status >= 200;
      kept.last = answer(status, reason, headers, body);
      if (kept.final) setTimeout(() => this.#answered.delete(request.branch), KEPT_MS);
    };
    this.onRequest(request, respond, tag);
  }

  #responder(request, tag) {
    return (status, reason, headers = [], body = "") => {
      const to = request.get("To");
      const tagged = status === 100 || /;\s*tag=/i.test(to) ? to : `${to};tag=${tag}`;
      const own = [...copied(request, ["Via", "Record-Route", "From"]), ["To", tagged], ...copied(request, ["Call-ID", "CSeq"])];
      const response = new SipMessage({ status, reason, headers: [...own, ...headers], body });
      this.flow.send(response);
      return response;
    };
  }

  #via(branch) {
    return ["Via", `SIP/2.0/WS ${this.host};branch=${branch}`];
  }
}

function copied(message, names) {
  return names.flatMap((name) => message.all(name).map((value) => [name, value]));
}

function local(status, reason) {
  return new SipMessage({ status, reason });
}
