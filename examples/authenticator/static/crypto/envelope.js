// A backup: one JSON object sealed under a passphrase, with a head that can be read and not changed.
//
//   "RFAB" | 1 byte version | 4 bytes length of the head | head (JSON) | 12 bytes nonce | ciphertext and tag
//
// All before the nonce is authenticated (AES-256-GCM's additional data). The head says what the passphrase costs, and how
// long the rest is, so that a backup that was cut off is told from one that was altered.

import { concat, equal, fromBase64url, random, text, toBase64url, utf8 } from "./bytes.js";
import { COST, checkCost, deriveBytes, deriveKey, stretch } from "./stretch.js";
import { Refused } from "../refused.js";

const MAGIC = utf8("RFAB");
const VERSION = 1;
const START_BYTES = MAGIC.length + 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
const MAX_HEAD_BYTES = 4_096;

/**
 * What opens and makes backups of one passphrase: `key` cannot be exported; `salt`, `cost` and `check` are in heads;
 * `proof` (32 bytes) shows a server that one knows the passphrase, and opens nothing.
 */
export async function lockOf(passphrase, { salt = random(SALT_BYTES), cost = COST } = {}) {
  const material = await stretch(passphrase, salt, cost);
  const [key, check, proof] = await Promise.all([deriveKey(material, "backup"), deriveBytes(material, "check", 8), deriveBytes(material, "proof", 32)]);
  return { key, salt: toBase64url(salt), cost, check: toBase64url(check), proof };
}

/** `content` as a backup: number `number` of the account, made at `made_ms`. */
export async function closeEnvelope({ key, salt, cost, check }, content, { account, number, made_ms }) {
  const plaintext = utf8(JSON.stringify(content));
  const head = utf8(JSON.stringify({ account, number, made_ms, kdf: "argon2id", ...cost, salt, check, sealed_bytes: plaintext.length + TAG_BYTES }));
  const start = concat(MAGIC, Uint8Array.of(VERSION), be32(head.length), head);
  const nonce = random(NONCE_BYTES);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: start }, key, plaintext);
  return concat(start, nonce, new Uint8Array(sealed));
}

/** The head of a backup, not yet authenticated: { account, number, made_ms, salt, … }. Refused where it is none. */
export function readHead(bytes) {
  if (bytes.length < START_BYTES || !equal(bytes.slice(0, MAGIC.length), MAGIC)) throw new Refused("format", "That is no backup of this app.");
  if (bytes[MAGIC.length] !== VERSION) throw new Refused("version", "This backup is of a newer app.");
  const length = new DataView(bytes.buffer, bytes.byteOffset + MAGIC.length + 1).getUint32(0);
  if (length > MAX_HEAD_BYTES) throw new Refused("format", "That is no backup of this app.");
  if (bytes.length < START_BYTES + length) throw new Refused("truncated", "This backup is cut off.");
  let head;
  try {
    head = JSON.parse(text(bytes.slice(START_BYTES, START_BYTES + length)));
  } catch {
    throw new Refused("altered", "The head of this backup was altered.");
  }
  const { memory_KiB, passes, lanes } = head;
  checkCost({ memory_KiB, passes, lanes });
  const whole = START_BYTES + length + NONCE_BYTES + head.sealed_bytes;
  if (bytes.length < whole) throw new Refused("truncated", "This backup is cut off.");
  if (bytes.length !== whole) throw new Refused("altered", "This backup was altered.");
  return { ...head, cost: { memory_KiB, passes, lanes }, bytes: length };
}

/** What a backup holds, or Refused: a wrong passphrase is told from an altered backup. Gives the passphrase's lock too. */
export async function openEnvelope(bytes, passphrase) {
  const head = readHead(bytes);
  const lock = await lockOf(passphrase, { salt: fromBase64url(head.salt), cost: head.cost });
  if (lock.check !== head.check) throw new Refused("passphrase", "That is not the passphrase of this backup.");
  const end = START_BYTES + head.bytes;
  const iv = bytes.slice(end, end + NONCE_BYTES);
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bytes.slice(0, end) }, lock.key, bytes.slice(end + NONCE_BYTES));
    return { head, lock, content: JSON.parse(text(new Uint8Array(opened))) };
  } catch {
    throw new Refused("altered", "This backup was altered.");
  }
}

function be32(value) {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
