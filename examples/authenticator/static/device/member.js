// This device as one of an account: it follows the log of devices, shares the list of accounts, and lets others in.

import { fromBase64url, random, toBase64url } from "../crypto/bytes.js";
import { merged, sameEntries } from "../vault.js";
import { newKey, sealKey, sealList, sealToAll, unsealKey, unsealList } from "./account_key.js";
import { generateIdentity } from "./identity.js";
import { answer, checkTyped, codeForReveal } from "./join.js";
import { accountOf, alarm, entry, isPending, replay } from "./log.js";
import { Server, tokenHash } from "./server.js";
import { Refused } from "../refused.js";

const MAX_WRONG = 3;

/** Tells `change` when what the server showed changed. Everything that lasts is in the session. */
export class Member extends EventTarget {
  view = null;
  joins = [];
  recoveries = [];
  problem = null;
  #answers = new Map();
  #busy = Promise.resolve();

  constructor(session) {
    super();
    this.session = session;
  }

  get state() {
    return this.session.state?.member ?? null;
  }

  get device() {
    return this.view?.devices.get(this.state.device) ?? null;
  }

  get server() {
    return new Server(this.state.account, this.state.token);
  }

  /** Make an account of this one device, whose name is `name`; later ones wait `delay_ms`. */
  async create(name, delay_ms) {
    const { keys, device } = await generateIdentity(name);
    const key = newKey();
    const sealed = await sealToAll(key, [device], "", 0);
    const first = await entry(null, device.id, keys.sign.privateKey, "first", { device, delay_ms, sealed }, Date.now());
    const account = await accountOf(first.body);
    const token = toBase64url(random(32));
    await new Server().post("", { account, device: device.id, entry: first, token_hash: await tokenHash(token) });
    await this.enter({ account, device: device.id, token, keys, entries: [first], epochs: { 0: toBase64url(key) } });
    await this.sync();
  }

  /** Be a member from now on. `list_version` is the least that this device may be shown. */
  async enter({ account, device, token, keys, entries, epochs = {}, list_version = 0 }) {
    const member = { account, device, token, entries, epochs, list_version, backup: null, alarm: null };
    await this.session.change((state) => Object.assign(state, { member, joining: null }), { sign: keys.sign, seal: keys.seal });
    await this.#follow(entries);
  }

  /** What is known without the server. */
  async load() {
    if (this.state) await this.#follow(this.state.entries);
    this.dispatchEvent(new Event("change"));
  }

  /** An alarm stays until a person has seen it. */
  async dismissAlarm() {
    await this.#remember({ alarm: null });
    await this.sync();
  }

  /** Ask the server for all news and act on them, then do `more`. What is no news but an attack is kept as an alarm. */
  sync(more = () => {}) {
    return this.#inOrder(async () => {
      if (!this.state) return;
      try {
        await this.#syncLog();
        await this.#syncList();
        [this.joins, this.recoveries] = [(await this.server.get("/joins")).joins, (await this.server.get("/recoveries")).recoveries];
        await more();
        this.problem = null;
      } catch (error) {
        if (this.session.isLocked) return;
        if (!error.code) throw error;
        this.problem = error;
        if (error.alarm) await this.#remember({ alarm: { code: error.code, message: error.message, at_ms: Date.now() } });
      }
      this.dispatchEvent(new Event("change"));
    });
  }

  /** Answer a new device's commitment; what it reveals then is checked against this answer. */
  review(join) {
    return this.#inOrder(async () => {
      if (this.#answers.has(join.id)) return;
      const given = await answer(this.state.account, join.commitment, this.device, await this.#signingKey(), this.view.head);
      this.#answers.set(join.id, { given, wrong: 0 });
      await this.server.put(`/joins/${join.id}/answer`, { answer: given });
    });
  }

  /** Announce the new device, if `typed` is what it must show. After three wrong tries it is denied. */
  async approve(id, typed) {
    const held = this.#answers.get(id);
    const { joins } = await this.server.get("/joins");
    const join = joins.find((each) => each.id === id);
    if (!held || !join?.reveal) throw alarm("reveal", "The new device has not answered yet.");
    const code = await codeForReveal(this.state.account, held.given, this.device, join.reveal);
    try {
      checkTyped(typed, code);
    } catch (error) {
      held.wrong += 1;
      if (held.wrong >= MAX_WRONG) await this.deny(id);
      throw error;
    }
    const now_ms = Date.now();
    const { device } = join.reveal;
    const isThere = () => this.view.devices.has(device.id) || isPending(this.view, device.id);
    await this.#add("announce", () => (isThere() ? null : { device, not_before_ms: now_ms + this.view.delay_ms }), now_ms);
  }

  async deny(id) {
    this.#answers.delete(id);
    await this.server.delete(`/joins/${id}`);
    await this.sync();
  }

  /** Take back what was announced, by whichever device. */
  cancel(announced) {
    return this.#add("cancel", () => ({ announced }));
  }

  async denyRecovery(id) {
    await this.server.delete(`/recoveries/${id}`);
    await this.sync();
  }

  /** Take a device out, and the key that it knows out of use. */
  remove(id) {
    return this.#add("remove", async () => {
      const epoch = this.view.epoch + 1;
      const others = [...this.view.devices.values()].filter((device) => device.id !== id);
      return { device: id, epoch, sealed: await sealToAll(newKey(), others, this.state.account, epoch), list_version: this.state.list_version };
    });
  }

  /** From now on the owner of `key` (65 bytes in base64url) may let a device in: it is in the backup. For use within `sync`. */
  async addRecoveryKey(key) {
    await this.#append("recovery", { key });
  }

  /** An entry of the log that is made of the newest view, or none, then all that follows from it. */
  async #add(kind, fields, at_ms = Date.now()) {
    await this.#inOrder(async () => {
      await this.#syncLog();
      const made = await fields();
      if (made) await this.#append(kind, made, at_ms);
    });
    await this.sync();
  }

  async #syncLog() {
    const { entries } = await this.server.get("/log");
    await this.#follow(entries);
    if (!this.view.devices.has(this.state.device)) throw alarm("removed", "This device was removed from the account by another one.");
    for (const waiting of this.view.pending.values()) if (waiting.not_before_ms <= Date.now()) await this.#admit(waiting);
  }

  async #follow(entries) {
    const kept = this.view?.head ?? (await this.#keptHead());
    const view = await replay(entries, this.state.account, { known: kept, now_ms: Date.now() });
    this.view = view;
    const values = {};
    if (entries.length !== this.state.entries.length) values.entries = entries;
    if (view.devices.has(this.state.device) && !(view.epoch in this.state.epochs)) {
      const key = await unsealKey(view.sealed.get(this.state.device), await this.session.keep("seal"), this.state.device, this.state.account, view.epoch);
      values.epochs = { ...this.state.epochs, [view.epoch]: toBase64url(key) };
    }
    if (Object.keys(values).length) await this.#remember(values);
  }

  /** Where this device's own copy of the log ends: it was checked when it came. */
  async #keptHead() {
    return (await replay(this.state.entries, this.state.account, { now_ms: Number.MAX_SAFE_INTEGER })).head;
  }

  async #admit({ seq, device }) {
    const sealed = await sealKey(this.#key(), device, this.state.account, this.view.epoch);
    await this.#append("admit", { announced: seq, sealed, list_version: this.state.list_version });
  }

  async #append(kind, fields, at_ms = Date.now()) {
    const made = await entry(this.view.head, this.state.device, await this.#signingKey(), kind, fields, at_ms);
    await this.server.post("/log", { seq: this.view.head.seq + 1, entry: made });
    await this.#follow([...this.state.entries, made]);
  }

  async #syncList() {
    const { record } = await this.server.get("/list");
    const version = record?.version ?? 0;
    if (version < this.state.list_version) throw alarm("rollback", "The server shows an older copy of your accounts than this device has seen.");
    if (record && record.epoch > this.view.epoch) throw new Refused("behind", "There is news of your devices. Looking again.");
    const counts = record && (record.epoch === this.view.epoch || record.version <= this.view.list_bound);
    const key = counts && this.state.epochs[record.epoch];
    const entries = key ? (await unsealList(fromBase64url(key), record, this.state.account)).entries : [];
    const all = merged(this.session.state.entries, entries);
    if (!sameEntries(all, this.session.state.entries) || version !== this.state.list_version) {
      await this.session.change((state) => {
        state.entries = merged(state.entries, entries);
        state.member.list_version = version;
      });
    }
    if (!record || record.epoch !== this.view.epoch || !sameEntries(all, entries)) await this.#putList(all, version + 1);
  }

  async #putList(entries, version) {
    await this.server.put("/list", { record: await sealList(this.#key(), { entries }, this.state.account, this.view.epoch, version) });
    await this.#remember({ list_version: version });
  }

  #key() {
    return fromBase64url(this.state.epochs[this.view.epoch]);
  }

  async #signingKey() {
    return (await this.session.keep("sign")).privateKey;
  }

  #remember(values) {
    return this.session.change((state) => Object.assign(state.member, values));
  }

  #inOrder(step) {
    const done = this.#busy.then(step);
    this.#busy = done.catch(() => null);
    return done;
  }
}
