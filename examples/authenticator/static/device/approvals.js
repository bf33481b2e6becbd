// Questions of programs that use Verify: shown here, answered with this device's signature over what was shown.
// Source: Twilio, Verify Push; RFC 7515 (JWS), RFC 7518 section 3.4 (ES256).

import { toBase64url, utf8 } from "../crypto/bytes.js";
import { generateSigningKey, sign } from "../crypto/signing.js";

const LOGIN_S = 300;

/** Tells `change`. What lasts is in the session: `approvals` { account_sid, service_sid, entity_sid, factor_sid }. */
export class Approvals extends EventTarget {
  pending = [];
  problem = null;
  #answering = false;

  constructor(session, member) {
    super();
    this.session = session;
    this.member = member;
  }

  get state() {
    return this.session.state?.approvals ?? null;
  }

  /** Let programs ask this device. Its key is made here, for this alone. */
  async turnOn() {
    const pair = await generateSigningKey();
    const public_key = base64(new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)));
    const factor = await this.member.server.post("/approvals", { name: this.member.device.name, public_key });
    await this.session.change((state) => (state.approvals = { ...factor, verified: false }), { approvals: pair });
    await this.#verify();
    await this.look();
  }

  /** Ask whether a program asks. */
  async look() {
    if (!this.state || this.#answering) return;
    try {
      if (!this.state.verified) await this.#verify();
      const { challenges } = await this.member.server.post("/approvals/pending", { login: await this.#login() });
      this.pending = challenges.filter((each) => each.factor_sid === this.state.factor_sid);
      this.problem = null;
    } catch (error) {
      if (!error.code) throw error;
      this.problem = error;
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Sign `status` (approved or denied) over what was shown; `number` is what the program's page shows, if it does. */
  async answer(challenge, status, number = "") {
    const { account_sid, service_sid, entity_sid, factor_sid } = this.state;
    const said = { sid: challenge.sid, account_sid, service_sid, entity_sid, factor_sid, details: challenge.details, status, ...(number && { number }) };
    this.#answering = true;
    try {
      const [login, payload] = [await this.#login(), await this.#signed(said)];
      await this.member.server.post("/approvals/answer", { challenge: challenge.sid, login, payload });
    } finally {
      this.#answering = false;
    }
    this.pending = this.pending.filter((each) => each.sid !== challenge.sid);
    this.dispatchEvent(new Event("change"));
    await this.look();
  }

  async #verify() {
    const { factor_sid } = this.state;
    const [login, payload] = [await this.#login(), await this.#signed({ factor_sid })];
    await this.member.server.post("/approvals/verify", { factor: factor_sid, login, payload });
    await this.session.change((state) => (state.approvals.verified = true));
  }

  /** By this Verify knows which device asks; nobody else can make one. */
  #login() {
    const { account_sid, service_sid, factor_sid } = this.state;
    const now_s = Math.floor(Date.now() / 1000);
    const grants = { verify_push: { service_sid, factor_sid } };
    return this.#signed({ sub: account_sid, nbf: now_s, exp: now_s + LOGIN_S, grants }, { cty: "twilio-pba;v=1", kid: factor_sid });
  }

  async #signed(claims, header = {}) {
    const parts = [{ alg: "ES256", typ: "JWT", ...header }, claims].map((part) => toBase64url(utf8(JSON.stringify(part))));
    const { privateKey } = await this.session.keep("approvals");
    return [...parts, toBase64url(await sign(privateKey, utf8(parts.join("."))))].join(".");
  }
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
