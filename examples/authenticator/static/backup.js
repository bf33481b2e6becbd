// Backups: kept by the server as bytes that it cannot open, or taken away as a file; and the way back by the passphrase.

import { concat, fromBase64url, random, sha256, toBase64url } from "./crypto/bytes.js";
import { closeEnvelope, lockOf, openEnvelope, readHead } from "./crypto/envelope.js";
import { exportPublic } from "./crypto/hpke.js";
import { exportPrivate, generateSigningKey, importPrivate } from "./crypto/signing.js";
import { newKey, sealToAll } from "./device/account_key.js";
import { generateIdentity } from "./device/identity.js";
import { RECOVERY, alarm, entry, replay } from "./device/log.js";
import { Server, tokenHash } from "./device/server.js";
import { Refused } from "./refused.js";
import { checkPassphrase } from "./strength.js";
import { living, merged } from "./vault.js";

/** A file of all accounts under `passphrase`. */
export async function fileOf(session, passphrase) {
  checkPassphrase(passphrase);
  return closeEnvelope(await lockOf(passphrase), { entries: session.state.entries }, { account: "", number: 0, made_ms: Date.now() });
}

/** Take the accounts of a file in; tells how many are new here. */
export async function takeFile(session, bytes, passphrase) {
  const { content } = await openEnvelope(bytes, passphrase);
  return session.change((state) => {
    const before = living(state.entries).length;
    state.entries = merged(state.entries, content.entries);
    return living(state.entries).length - before;
  });
}

/** Turn the server's backup on, or give it another passphrase: a key that can let a device in goes into it. */
export async function turnOn(session, member, passphrase) {
  checkPassphrase(passphrase);
  const { proof, key, ...open } = await lockOf(passphrase);
  const proof_hash = toBase64url(await sha256(proof));
  await member.sync(async () => {
    const recovery = await newRecovery(member);
    await session.change((state) => (state.member.backup = { ...open, proof_hash, ...recovery, made: "" }), { backup: key });
    await refresh(session, member);
  });
  if (member.problem) throw member.problem;
}

/** A key that may let a device in, in the log; its private half is for the backup alone. */
async function newRecovery(member) {
  const pair = await generateSigningKey(true);
  const recovery_public = toBase64url(await exportPublic(pair.publicKey));
  await member.addRecoveryKey(recovery_public);
  return { recovery: await exportPrivate(pair.privateKey), recovery_public };
}

/** Put a new backup where what it should hold has changed. Checks the one that is there: an old one is an alarm. */
export async function refresh(session, member) {
  const seen = await check(session, member);
  await keepInStep(session, member);
  const { backup } = session.state.member;
  if (!backup) return;
  const holds = JSON.stringify([session.state.entries, backup.salt]);
  if (backup.made === holds) return;
  const { proof_hash, recovery, salt, cost, check: checked } = backup;
  const number = seen.number + 1;
  const lock = { key: await session.keep("backup"), salt, cost, check: checked };
  const about = { account: session.state.member.account, number, made_ms: Date.now() };
  const envelope = await closeEnvelope(lock, { entries: session.state.entries, recovery }, about);
  await member.server.put("/backup", { number, head: { salt, cost }, proof_hash, envelope: toBase64url(envelope) });
  await session.change((state) => {
    state.member.backup.made = holds;
    state.member.backup_seen = { number, made_ms: about.made_ms };
  });
}

/** Another device's passphrase replaces this one's; a device that was removed took the key with it, so there is a new one. */
async function keepInStep(session, member) {
  const { backup } = session.state.member;
  const current = member.view.recovery;
  if (!backup || current === backup.recovery_public) return;
  const renewed = current ? null : await newRecovery(member);
  await session.change((state) => (state.member.backup = renewed && { ...backup, ...renewed, made: "" }));
}

/** What the server keeps is what this device has seen, or newer. */
async function check(session, member) {
  const seen = session.state.member.backup_seen ?? { number: 0 };
  const { envelope } = await member.server.get("/backup");
  if (!envelope) {
    if (seen.number) throw alarm("backup", "The server has lost your backup.");
    return seen;
  }
  const { number, account, made_ms } = readHead(fromBase64url(envelope));
  if (account !== session.state.member.account || number < seen.number) throw alarm("backup", "The server keeps an older backup than this device has seen.");
  if (number > seen.number) await session.change((state) => (state.member.backup_seen = { number, made_ms }));
  return { number, made_ms };
}

/** A device without any old one at hand: it proves that it knows the passphrase, waits, and lets itself in. */
export class Recovery extends EventTarget {
  problem = null;

  constructor(session, member) {
    super();
    this.session = session;
    this.member = member;
  }

  get state() {
    return this.session.state?.recovering ?? null;
  }

  async ask(account, name, passphrase) {
    const written = account.replaceAll(/[\s-]/g, "").toUpperCase();
    const server = new Server(written);
    const { salt, cost } = await server.get("/backup/head");
    // The cost is checked before the passphrase is used: else a server could ask for one that is cheap to guess.
    const { proof } = await lockOf(passphrase, { salt: fromBase64url(salt), cost });
    const { keys, device } = await generateIdentity(name);
    const token = toBase64url(random(32));
    const asked = { device: device.id, name: device.name, proof: toBase64url(proof), token_hash: await tokenHash(token) };
    const { id, release_ms } = await server.post("/recoveries", asked);
    const recovering = { account: written, id, token, device, release_ms };
    await this.session.change((state) => (state.recovering = recovering), { sign: keys.sign, seal: keys.seal });
    this.dispatchEvent(new Event("change"));
  }

  /** The backup as the server keeps it, opened: what a person looks at before it is used. Refused while it must wait. */
  async open(passphrase) {
    const { account, token } = this.state;
    const server = new Server(account, token);
    const { envelope } = await server.get("/backup");
    const { head, content } = await openEnvelope(fromBase64url(envelope), passphrase);
    if (head.account !== account) throw alarm("account", "This is the backup of another account.");
    return { number: head.number, made_ms: head.made_ms, content };
  }

  /** Let this device in by the key that the backup holds, under a new key of the account. */
  async finish({ content }) {
    const { account, token, device } = this.state;
    const server = new Server(account, token);
    const { entries } = await server.get("/log");
    const view = await replay(entries, account, { now_ms: Date.now() });
    if (view.recovery !== rawPublic(content.recovery)) return this.#takeOnly(content);
    const [key, epoch] = [newKey(), view.epoch + 1];
    const sealed = await sealToAll(key, [...view.devices.values(), device], account, epoch);
    const made = await entry(view.head, RECOVERY, await importPrivate(content.recovery), "recover", { device, epoch, sealed }, Date.now());
    await server.post("/log", { seq: view.head.seq + 1, entry: made });
    const keys = { sign: await this.session.keep("sign"), seal: await this.session.keep("seal") };
    await this.session.change((state) => {
      state.entries = merged(state.entries, content.entries);
      state.recovering = null;
    });
    await this.member.enter({ account, device: device.id, token, keys, entries: [...entries, made], epochs: { [epoch]: toBase64url(key) } });
    await this.member.sync();
  }

  /** A backup from before a device was removed: it lets nobody in any more, and its accounts are good. */
  async #takeOnly(content) {
    await this.session.change((state) => Object.assign(state, { entries: merged(state.entries, content.entries), recovering: null }));
    throw new Refused("recovery", "Your accounts are here. This backup is older than a removal, so it lets no device in: start anew under Devices.");
  }

  async giveUp() {
    await this.session.change((state) => (state.recovering = null), { sign: null, seal: null });
    this.dispatchEvent(new Event("change"));
  }
}

/** The public half of a private key as the log writes it: 65 bytes, of which the first says that two numbers follow. */
function rawPublic({ x, y }) {
  return toBase64url(concat(Uint8Array.of(4), fromBase64url(x), fromBase64url(y)));
}

export function checkChosen(file) {
  if (!file) throw new Refused("file", "Choose a file.");
  if (file.size > 4_000_000) throw new Refused("file", "That is no backup of this app.");
}
