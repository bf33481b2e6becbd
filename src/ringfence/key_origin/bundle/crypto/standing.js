// Standing configuration to and from a browser of its owner, as domain/sealing/standing_form.py has it.

import { hex, place, sha256, text, utf8 } from "./bytes.js";
import { seal, unseal } from "./hpke.js";
import { proveBy } from "./slots.js";

const VIEW = "ringfence/standing-view/v1";
const FORM = "ringfence/standing-form/v1";

/** The fields of a record's form, by name, that were sealed to the content key `pair`; or Refused. */
export async function openView(pair, account, record, sealed) {
  return JSON.parse(text(await unseal(pair, sealed, place(VIEW, account, pair.generation, record))));
}

/** Changes for the key service alone, {box, proof}: `pair` is of the slot of the credential `by`, just shown. */
export async function sealForm(keeper, { account, record, by, pair, proofKey, changes }) {
  const box = await seal(keeper, utf8(JSON.stringify(changes)), place(FORM, account, record, by));
  const what = place(FORM, account, record, by, hex(await sha256(box)));
  return { box, proof: await proveBy(pair, proofKey, what) };
}
