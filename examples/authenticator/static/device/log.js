// The devices of an account as a log: each entry is signed by a device that is in it, and names the one before by its
// hash. The account's own name is the hash of the first entry, so a log cannot be exchanged for another one.

import { concat, fromBase64url, sha256, toBase32, toBase64url, utf8 } from "../crypto/bytes.js";
import { sign, verify } from "../crypto/signing.js";
import { Refused } from "../refused.js";
import { checkDevice } from "./identity.js";

const LABEL = utf8("ringfence-authenticator/log/1\n");
const ACCOUNT_BYTES = 15;
const MAX_AHEAD_MS = 10 * 60_000;
export const RECOVERY = "recovery";

const signed = (body) => concat(LABEL, utf8(body));
export const hashOf = async (body) => toBase64url(await sha256(signed(body)));

/** The account that a first entry makes: 24 letters for 120 bits of its hash. */
export async function accountOf(firstBody) {
  return toBase32((await sha256(signed(firstBody))).slice(0, ACCOUNT_BYTES));
}

/** An entry upon `head` ({ seq, hash }, or null for the first): { body, signature }; the body is kept as it was signed. */
export async function entry(head, by, privateKey, kind, fields, at_ms) {
  const body = JSON.stringify({ seq: head ? head.seq + 1 : 0, previous: head?.hash ?? "", by, kind, at_ms, ...fields });
  return { body, signature: toBase64url(await sign(privateKey, signed(body))) };
}

/**
 * What `entries` say, each one checked; Refused with `alarm` where they are not a log of `account`, where they do not
 * begin with what was `known` ({ seq, hash }), or where a new one is dated after `now_ms`.
 */
export async function replay(entries, account, { known = null, now_ms }) {
  const view = { account, devices: new Map(), pending: new Map(), sealed: new Map(), least: new Map(), epoch: 0, list_bound: 0, recovery: null, delay_ms: 0, head: null, told: [] };
  if (!entries.length) throw alarm("empty", "The server shows no devices at all.");
  for (const each of entries) {
    try {
      await take(view, each, known, now_ms);
    } catch (error) {
      // Honest devices write what can be read: whatever cannot be is nobody's mistake.
      throw error.code ? Object.assign(error, { alarm: true }) : error;
    }
  }
  if (known && view.head.seq < known.seq) throw alarm("truncated", "The server shows an older list of devices than this device has seen.");
  return view;
}

export function alarm(code, message) {
  return Object.assign(new Refused(code, message), { alarm: true });
}

async function take(view, { body, signature }, known, now_ms) {
  let said;
  try {
    said = JSON.parse(body);
  } catch {
    throw alarm("form", "An entry in the list of devices cannot be read.");
  }
  const seq = view.head ? view.head.seq + 1 : 0;
  if (said.seq !== seq || said.previous !== (view.head?.hash ?? "")) throw alarm("chain", "The list of devices was cut or put together anew.");
  if (seq === 0 && (await accountOf(body)) !== view.account) throw alarm("account", "The server shows the devices of another account.");
  const hash = await hashOf(body);
  if (known?.seq === seq && known.hash !== hash) throw alarm("fork", "The server shows another list of devices than before.");
  if (!Number.isSafeInteger(said.at_ms)) throw alarm("form", "An entry in the list of devices has no date.");
  if (seq > (known?.seq ?? -1) && said.at_ms > now_ms + MAX_AHEAD_MS) throw alarm("future", "An entry in the list of devices is dated in the future. Is the clock of this device right?");
  const rule = RULES[said.kind];
  if (!rule || (seq === 0) !== (said.kind === "first")) throw alarm("kind", "The list of devices has an entry that this app does not know.");
  const key = seq === 0 ? said.device?.sign : said.by === RECOVERY ? said.kind === "recover" && view.recovery : view.devices.get(said.by)?.sign;
  if (!key || (seq === 0 && said.by !== said.device.id)) throw alarm("signer", "An entry in the list of devices is by nobody who may make it.");
  if (!(await verify(fromBase64url(key), signed(body), fromBase64url(signature)))) throw alarm("signature", "An entry in the list of devices is not signed by the device that it names.");
  await rule(view, said);
  view.head = { seq, hash };
  view.told.push({ seq, kind: said.kind, by: said.by, at_ms: said.at_ms, device: said.device?.id ?? said.device ?? null });
}

const RULES = {
  async first(view, { device, delay_ms, sealed }) {
    await checkDevice(device);
    if (!Number.isSafeInteger(delay_ms) || delay_ms < 0) throw alarm("form", "The list of devices begins with no delay.");
    view.delay_ms = delay_ms;
    view.devices.set(device.id, device);
    reseal(view, 0, sealed);
  },
  async announce(view, { seq, device, not_before_ms, at_ms, by }) {
    await checkDevice(device);
    if (view.devices.has(device.id) || isPending(view, device.id)) throw alarm("known", "A device is announced that is there already.");
    if (!Number.isSafeInteger(not_before_ms) || not_before_ms < at_ms + view.delay_ms) throw alarm("delay", "A device is announced with less delay than this account has.");
    view.pending.set(seq, { seq, device, not_before_ms, at_ms, by });
  },
  cancel(view, { announced }) {
    if (!view.pending.delete(announced)) throw alarm("pending", "A device is canceled that is not announced.");
  },
  admit(view, { announced, sealed, list_version, at_ms }) {
    const waiting = view.pending.get(announced);
    if (!waiting) throw alarm("pending", "A device is let in that is not announced, or was canceled.");
    if (at_ms < waiting.not_before_ms) throw alarm("delay", "A device is let in before its time.");
    view.pending.delete(announced);
    view.devices.set(waiting.device.id, waiting.device);
    view.sealed.set(waiting.device.id, sealed);
    view.least.set(waiting.device.id, list_version);
  },
  /** What the removed device knew lets nobody in any more: neither the account's key nor the backup's. */
  remove(view, { device, epoch, sealed, list_version }) {
    if (!view.devices.delete(device)) throw alarm("unknown", "A device is removed that is not there.");
    reseal(view, epoch, sealed, list_version);
    view.recovery = null;
  },
  recovery(view, { key }) {
    view.recovery = key;
  },
  async recover(view, { device, epoch, sealed }) {
    await checkDevice(device);
    view.devices.set(device.id, device);
    reseal(view, epoch, sealed);
  },
};

export const isPending = (view, id) => [...view.pending.values()].some((waiting) => waiting.device.id === id);

/**
 * A new key of the account: sealed to every device that is in, and to no other. Of lists under earlier keys those up to
 * version `list_bound` count: a later one may be by a device that was removed.
 */
function reseal(view, epoch, sealed, list_bound = 0) {
  const names = Object.keys(sealed ?? {});
  const next = view.head ? view.epoch + 1 : 0;
  if (epoch !== undefined && epoch !== next) throw alarm("epoch", "The account's key is not the next one.");
  if (names.length !== view.devices.size || !names.every((name) => view.devices.has(name))) throw alarm("sealed", "The account's key is not sealed to exactly the devices of the account.");
  view.epoch = next;
  view.list_bound = list_bound;
  view.sealed = new Map(Object.entries(sealed));
}
