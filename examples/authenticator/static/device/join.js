// How a new device and an old one make sure that nobody stands between them. The new one commits to its keys, the old one
// answers, the new one reveals them; both then compute eight digits over all of it. Who stands between would have to
// commit before it knows the digits that the new device will show: one chance in a hundred million for each try.

import { concat, equal, fromBase64url, random, sha256, toBase64url, utf8 } from "../crypto/bytes.js";
import { sign, verify } from "../crypto/signing.js";
import { Refused } from "../refused.js";
import { checkDevice } from "./identity.js";
import { alarm } from "./log.js";

const NONCE_BYTES = 32;
const DIGITS = 8;

const hashed = (label, ...parts) => sha256(concat(utf8(`ringfence-authenticator/${label}/1\n`), ...parts));
const keysOf = (device) => concat(fromBase64url(device.sign), fromBase64url(device.seal), utf8(device.name));

/** The new device's first message, and the nonce that it keeps until it reveals. */
export async function commit(account, device) {
  const nonce = random(NONCE_BYTES);
  return { nonce: toBase64url(nonce), commitment: toBase64url(await commitmentOf(account, device, nonce)) };
}

/** The old device's answer to a commitment, signed, with the log as it knows it (`head`). */
export async function answer(account, commitment, by, privateKey, head) {
  const made = { commitment, by: by.id, nonce: toBase64url(random(NONCE_BYTES)), head };
  return { ...made, signature: toBase64url(await sign(privateKey, answered(account, made))) };
}

/** The digits on the new device. Refuses an answer by nobody of the account, or one to another commitment. */
export async function codeForAnswer(account, commitment, nonce, device, given, view) {
  const old = view.devices.get(given.by);
  if (!old || given.commitment !== commitment) throw alarm("answer", "Somebody who is no device of the account answered.");
  if (!(await verify(fromBase64url(old.sign), answered(account, given), fromBase64url(given.signature)))) throw alarm("answer", "The answer is not signed by a device of the account.");
  return digits(account, commitment, given, old, device, fromBase64url(nonce));
}

/** The digits that the old device expects, or Refused where what is revealed is not what was committed to. */
export async function codeForReveal(account, given, old, { device, nonce }) {
  await checkDevice(device);
  if (!equal(await commitmentOf(account, device, fromBase64url(nonce)), fromBase64url(given.commitment))) {
    throw alarm("commitment", "The new device's keys were exchanged on their way.");
  }
  return digits(account, given.commitment, given, old, device, fromBase64url(nonce));
}

/** What a person typed, or Refused. */
export function checkTyped(typed, code) {
  if (typed.replaceAll(/\D/g, "") !== code) throw new Refused("digits", "These are not the digits that the new device must show.");
}

function commitmentOf(account, device, nonce) {
  return hashed("join", utf8(account), keysOf(device), nonce);
}

function answered(account, { commitment, by, nonce, head }) {
  return utf8(`ringfence-authenticator/answer/1\n${[account, commitment, by, nonce, head.seq, head.hash].join("\n")}`);
}

async function digits(account, commitment, given, old, device, nonce) {
  const all = await hashed("digits", utf8(account), fromBase64url(commitment), fromBase64url(given.nonce), fromBase64url(old.sign), keysOf(device), nonce);
  return String(new DataView(all.buffer).getBigUint64(0) % BigInt(10 ** DIGITS)).padStart(DIGITS, "0");
}
