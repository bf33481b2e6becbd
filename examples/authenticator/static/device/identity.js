// Who a device is: the keys that it made, and a name for people.

import { concat, fromBase64url, sha256, toBase32, toBase64url, utf8 } from "../crypto/bytes.js";
import { exportPublic, generateSealingKey } from "../crypto/hpke.js";
import { generateSigningKey } from "../crypto/signing.js";
import { Refused } from "../refused.js";

const ID_BYTES = 10;
const MAX_NAME = 60;

/** New keys, to be kept as they are, and what others may know: { id, name, sign, seal }. */
export async function generateIdentity(name) {
  const keys = { sign: await generateSigningKey(), seal: await generateSealingKey() };
  const [sign, seal] = [await exportPublic(keys.sign.publicKey), await exportPublic(keys.seal.publicKey)];
  return { keys, device: { id: await idOf(sign, seal), name: checkedName(name), sign: toBase64url(sign), seal: toBase64url(seal) } };
}

/** Refuses a device whose id is not that of its keys: so an id cannot be given other keys. */
export async function checkDevice(device) {
  const { id, name, sign, seal, ...more } = device ?? {};
  if (Object.keys(more).length || typeof id !== "string") throw new Refused("device", "The description of a device is not well formed.");
  checkedName(name);
  if (id !== (await idOf(fromBase64url(sign), fromBase64url(seal)))) throw new Refused("device", "A device's keys are not those of its id.");
}

function checkedName(name) {
  const kept = typeof name === "string" ? name.trim() : "";
  if (!kept || kept.length > MAX_NAME) throw new Refused("name", `Give the device a name of at most ${MAX_NAME} letters.`);
  return kept;
}

async function idOf(sign, seal) {
  return toBase32((await sha256(concat(utf8("ringfence-authenticator/device/1\n"), sign, seal))).slice(0, ID_BYTES));
}
