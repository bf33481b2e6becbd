// Who may use an account, changed by what a person types here, looks over, and shows their passkey for. It leaves this
// page sealed to the key service; the console carries it.

import { h, filledIn, inWords, show } from "./dom.js";
import { ACTS } from "./access_fields.js";
import { grantKeeper } from "./grant_keeper.js";
import { asksToken, openToChange, provenForm, provingSlot } from "./proving.js";
import { Refused } from "./refused.js";
import { review } from "./standing_review.js";

export const access = {
  /**
   * Lets a person do one of `ACTS`; {record, form} for the key service. `sid` is of the key that it is about, `restricted`
   * whether that is a restricted one, `address` from where they ask, as the console sees it.
   */
  async change_access({ account, act, proof_key, ...of }) {
    if (!Object.hasOwn(ACTS, act)) throw new Refused("act", "There is no form for that.");
    if (of.sid !== undefined && !/^(SK|CR)[0-9a-f]{32}$/.test(of.sid)) throw new Refused("sid", "There is no such key.");
    const open = await openToChange(account);
    const keeper = await grantKeeper();
    const { record: recordOf, about, build } = ACTS[act];
    const record = recordOf(of.sid);
    return filledIn((done) => {
      const { elements, read } = build(of);
      const trouble = h("p", { role: "alert", class: "trouble" });
      const heading = h("h2", {}, about(of.sid));
      const form = h("form", { onsubmit: look, class: "typed wide", novalidate: true }, heading, elements, trouble, h("button", { class: "main" }, "Look it over"));

      function look(event) {
        event.preventDefault();
        trouble.textContent = "";
        try {
          const { told, changes, rest } = read();
          const save = async (token) => {
            const slot = await provingSlot(open, token);
            const made = await provenForm({ keeper, open, record, slot, proof_key, changes });
            show(h("p", {}, "One moment …"));
            done({ record, form: made });
          };
          review({ about: about(of.sid), changes: told, asksToken: asksToken(open), save, back: () => show(form), rest });
        } catch (problem) {
          trouble.textContent = inWords(problem);
        }
      }

      show(form);
      // What needs no typing is looked over at once.
      if (!elements.length) form.requestSubmit();
    });
  },
};
