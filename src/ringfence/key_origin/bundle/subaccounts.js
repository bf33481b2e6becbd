// Subaccounts, for whoever has opened their parent: a subaccount's content keys are sealed to the parent's. They last as
// long as what they were opened with, and no longer than the page.

import { fromBase64url } from "./crypto/bytes.js";
import { openChildKeys } from "./crypto/slots.js";
import * as keeping from "./keeping.js";
import { Refused } from "./refused.js";

export const subaccounts = {
  /**
   * Opens a subaccount of `parent`: `copies` are [generation, generation of the parent's, sealed]. Anybody can seal a copy;
   * so none is taken for the parent itself, whose own keys came by a person's slot.
   */
  async open_subaccount({ parent, account, copies }) {
    if (account === parent) throw new Refused("account", "An account is no subaccount of itself.");
    const sealed = copies.map(([generation, by, box]) => [generation, by, fromBase64url(box)]);
    const keys = await openChildKeys(await keeping.keysOf(parent), parent, account, sealed);
    await keeping.keepChild(parent, account, keys);
    return { generations: keys.length };
  },
};
