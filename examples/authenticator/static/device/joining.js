// This device on its way into an account: it asks, shows digits, and waits until an old device lets it in.

import { random, toBase64url } from "../crypto/bytes.js";
import { Refused } from "../refused.js";
import { generateIdentity } from "./identity.js";
import { codeForAnswer, commit } from "./join.js";
import { alarm, replay } from "./log.js";
import { Server, tokenHash } from "./server.js";

/** Steps: asked, digits (`code` is shown), waiting (until `not_before_ms`), in; or refused. */
export class Joining extends EventTarget {
  step = "asked";
  code = "";
  not_before_ms = 0;
  problem = null;

  constructor(session, member) {
    super();
    this.session = session;
    this.member = member;
  }

  get state() {
    return this.session.state?.joining ?? null;
  }

  /** Ask to be let into the account that people know by 24 letters. */
  async ask(account, name) {
    const written = account.replaceAll(/[\s-]/g, "").toUpperCase();
    if (!/^[A-Z2-7]{24}$/.test(written)) throw new Refused("account", "An account's name has 24 letters and digits: see Devices on the old device.");
    const { keys, device } = await generateIdentity(name);
    const token = toBase64url(random(32));
    const { nonce, commitment } = await commit(written, device);
    const { id } = await new Server(written).post("/joins", { commitment, name: device.name, token_hash: await tokenHash(token) });
    const joining = { account: written, id, token, device, nonce, commitment, answer: null };
    await this.session.change((state) => (state.joining = joining), { sign: keys.sign, seal: keys.seal });
    await this.follow();
  }

  async giveUp() {
    const { account, id, token } = this.state;
    await this.session.change((state) => (state.joining = null), { sign: null, seal: null });
    this.step = "asked";
    await new Server(account, token).delete(`/joins/${id}`).catch((error) => {
      if (!error.code) throw error;
    });
    this.dispatchEvent(new Event("change"));
  }

  /** See how far it is. */
  async follow() {
    if (!this.state) return;
    try {
      await this.#step();
      this.problem = null;
    } catch (error) {
      if (!error.code) throw error;
      this.problem = error;
      if (error.alarm || error.code === "token") this.step = "refused";
    }
    this.dispatchEvent(new Event("change"));
  }

  async #step() {
    const { account, id, token, device, nonce, commitment } = this.state;
    const server = new Server(account, token);
    const answer = this.state.answer ?? (await server.get("/joins")).joins.find((each) => each.id === id)?.answer;
    if (!answer) return;
    const { entries } = await server.get("/log");
    const view = await replay(entries, account, { known: answer.head, now_ms: Date.now() });
    this.code = await codeForAnswer(account, commitment, nonce, device, answer, view);
    if (!this.state.answer) {
      // From here on this answer counts, whatever the server shows later.
      await this.session.change((state) => (state.joining.answer = answer));
      await server.put(`/joins/${id}/reveal`, { reveal: { device, nonce } });
    }
    const waiting = [...view.pending.values()].find((each) => each.device.id === device.id);
    this.step = view.devices.has(device.id) ? "in" : waiting ? "waiting" : "digits";
    if (waiting) this.not_before_ms = waiting.not_before_ms;
    if (this.step === "digits" && view.told.some((told) => told.kind === "announce" && told.device === device.id)) throw alarm("canceled", "Another device canceled this.");
    if (this.step === "in") await this.#enter(entries, view);
  }

  async #enter(entries, view) {
    const { account, token, device } = this.state;
    const keys = { sign: await this.session.keep("sign"), seal: await this.session.keep("seal") };
    await this.member.enter({ account, device: device.id, token, keys, entries, list_version: view.least.get(device.id) });
    await this.member.sync();
  }
}
