// One webhook: its attempts are opened and shown here. To tell it again its person lends the dispatcher the key of that one
// record: sealed here, to the key service alone, and only when they press the button.

import { place, toBase64url } from "./crypto/bytes.js";
import { seal } from "./crypto/hpke.js";
import { h, pressed, show } from "./dom.js";
import { grantKeeper } from "./grant_keeper.js";
import { keysOf } from "./keeping.js";
import { fieldReader } from "./record_fields.js";
import { ownRecordKey } from "./record_keys.js";
import { Refused } from "./refused.js";
import { attemptsOf, openTold, titleOf } from "./told_view.js";

const LENT = "ringfence/lent-record/v1";

export const webhooks = {
  /** Shows the attempts of an event {id, kind, state, attempts} of a record {sid, epoch}. */
  async show_webhook({ account, record, epochs, event }) {
    const read = fieldReader(await keysOf(account), account, epochs);
    const said = await openTold(read, record, event);
    show(h("h2", {}, titleOf(event)), h("div", { class: "steps" }, attemptsOf(event, said)));
    return { attempts: said.length };
  },

  /** The key of the event's record for the key service, once its person says so. The key service's public key is ours to
   *  know, and is refused from the console. */
  async lend_record({ account, record, epochs, event, keeper: named }) {
    if (named !== undefined) throw new Refused("keeper", "The console names a key to seal to, which is not its to name: refuse this.");
    const keys = await keysOf(account);
    const keeper = await grantKeeper();
    return pressed("Tell it again", `Your program is told once more: ${event.kind} of ${record.sid}.`, async () => {
      const bytes = await ownRecordKey(keys, account, epochs, record);
      const box = await seal(keeper, bytes, place(LENT, account, record.epoch, record.sid));
      bytes.fill(0);
      show(h("p", {}, "One moment …"));
      return { box: toBase64url(box) };
    });
  },
};
