// By what a form is proved to the key service: the passkey that opened the content, shown again for it, or the Auth Token,
// typed again. A key, a link or a recovery kit changes nothing here.

import { fromBase64url, random, toBase64url } from "./crypto/bytes.js";
import { pairFor, slotOf } from "./crypto/slots.js";
import { sealForm } from "./crypto/standing.js";
import * as keeping from "./keeping.js";
import { showPasskey } from "./passkey.js";
import { Refused } from "./refused.js";

const CHALLENGE_BYTES = 32;

/** What is open of the account, by what may change something: {account, credential, keys}; or Refused. */
export async function openToChange(account) {
  const open = await keeping.open();
  if (!open || open.account !== account) throw new Refused("locked", "Show your passkey first.");
  if (!asksToken(open) && !open.credential.startsWith("PK")) {
    throw new Refused("key", "A key or a recovery kit changes nothing here: open with a passkey or the Auth Token.");
  }
  return open;
}

/** Whether it is the Auth Token that must be typed again. */
export const asksToken = ({ account, credential }) => credential === account;

/** The slot that proves a form, of the passkey that is shown now, or of the `token` that was typed. */
export async function provingSlot(open, token) {
  if (asksToken(open)) return slotOf(token, open.account);
  // No console chose the challenge, nor gets the answer.
  const { name, slot } = await showPasskey({ challenge: toBase64url(random(CHALLENGE_BYTES)), userVerification: "required" });
  if (name !== open.credential || !slot) throw new Refused("passkey", "This is not the passkey that opened your texts.");
  return slot;
}

/** Changes of a record as the console carries them to the key service, proved by `slot`. */
export async function provenForm({ keeper, open, record, slot, proof_key, changes }) {
  const { account, credential: by, keys } = open;
  const pair = pairFor(slot, keys.at(-1));
  const { box, proof } = await sealForm(keeper, { account, record, by, pair, proofKey: fromBase64url(proof_key), changes });
  return { by, proof_key, box: toBase64url(box), proof: toBase64url(proof) };
}
