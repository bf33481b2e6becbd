// The key under which an account's list lies on the server: one an epoch, sealed to each device of the account.

import { fromBase64url, random, text, toBase64url, utf8 } from "../crypto/bytes.js";
import { seal, unseal } from "../crypto/hpke.js";
import { alarm } from "./log.js";

const NONCE_BYTES = 12;

export const newKey = () => random(32);

const info = (account, device, epoch) => utf8(`ringfence-authenticator/account-key/1\n${account}\n${device}\n${epoch}`);

/** Sealed before the account has its name, the first key names none. */
export async function sealKey(key, device, account, epoch) {
  return toBase64url(await seal(fromBase64url(device.seal), key, info(epoch ? account : "", device.id, epoch)));
}

export async function sealToAll(key, devices, account, epoch) {
  return Object.fromEntries(await Promise.all([...devices].map(async (device) => [device.id, await sealKey(key, device, account, epoch)])));
}

export async function unsealKey(sealed, pair, device, account, epoch) {
  return unseal(pair, fromBase64url(sealed), info(epoch ? account : "", device, epoch));
}

const label = (account, epoch, version) => utf8(`ringfence-authenticator/list/1\n${account}\n${epoch}\n${version}`);
const imported = (key) => crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);

/** `content` (JSON) as version `version` of the account's list. */
export async function sealList(key, content, account, epoch, version) {
  const nonce = random(NONCE_BYTES);
  const additionalData = label(account, epoch, version);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, await imported(key), utf8(JSON.stringify(content)));
  return { epoch, version, nonce: toBase64url(nonce), sealed: toBase64url(new Uint8Array(sealed)) };
}

export async function unsealList(key, record, account) {
  const additionalData = label(account, record.epoch, record.version);
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64url(record.nonce), additionalData }, await imported(key), fromBase64url(record.sealed));
    return JSON.parse(text(new Uint8Array(opened)));
  } catch {
    throw alarm("list", "The server's copy of your accounts was altered.");
  }
}
