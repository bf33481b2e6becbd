// A person's visit: the passkey that they show or the secret that they type, and what it opens. The content keys stay in
// `keeping.js`; what a view needs of them, it asks for by account.

import { fromBase64url } from "./crypto/bytes.js";
import { openContentKeys, slotOf } from "./crypto/slots.js";
import { h, pressed, show } from "./dom.js";
import * as keeping from "./keeping.js";
import { makePasskey, needPasskeys, showPasskey } from "./passkey.js";
import { Refused } from "./refused.js";
import { slotFor } from "./slot_for.js";

const READY_MS = 5 * 60_000;
// The slot that a person opened last by showing a passkey or typing a secret: {name, slot, shown_ms}.
let ready = null;

export const visiting = {
  /** Asks for a passkey. `answer` is for the server; `opens` says whether it opens content. */
  async sign_in({ options, again }) {
    needPasskeys();
    const shown = await pressed(again ? "Show your passkey" : "Sign in with a passkey", "", () => showPasskey(options));
    hold(shown.name, shown.slot);
    show(h("p", {}, "One moment …"));
    return { answer: shown.answer, opens: shown.slot !== null };
  },

  /** Asks for a secret of the account, for those whose passkey opens nothing: the console then brings its boxes. */
  async type_secret({ account }) {
    const { credential, secret } = await typed(account);
    hold(credential, await slotOf(secret, credential));
    return { credential };
  },

  /** Opens content keys with the slot that was shown or typed, and keeps them open for a while. */
  async unlock({ account, credential, boxes }) {
    const keys = await opened(account, credential, boxes);
    await keeping.keep(account, credential, keys, ready.shown_ms);
    show();
    return { generations: keys.length };
  },

  /** Whose content is open, and through which credential. */
  async state() {
    const open = await keeping.open();
    return open ? { account: open.account, credential: open.credential } : {};
  },

  async lock() {
    ready = null;
    await keeping.close();
    show();
  },

  /**
   * Makes one more passkey, whose slot gets the content keys that the passkey shown before opens.
   * `answer` and `slot` are for the server; what is sealed in them opens with the new passkey alone.
   */
  async add_passkey({ account, credential, boxes, options, proof_key }) {
    needPasskeys();
    const keys = await opened(account, credential, boxes);
    const made = await pressed("Make the new passkey", "Use the authenticator that is to be added.", () => makePasskey(options));
    show(h("p", {}, "One moment …"));
    const slot = await slotFor(made, account, keys, fromBase64url(proof_key));
    for (const { bytes } of keys) bytes.fill(0);
    return { answer: made.answer, slot };
  },
};

function hold(name, slot) {
  ready = slot ? { name, slot, shown_ms: Date.now() } : null;
}

async function opened(account, credential, boxes) {
  if (!ready || ready.name !== credential || ready.shown_ms + READY_MS <= Date.now()) throw new Refused("locked", "Show your passkey first.");
  const sealed = boxes.map(([generation, box]) => [generation, fromBase64url(box)]);
  const keys = await openContentKeys(ready.slot, account, credential, sealed);
  if (!keys.length) throw new Refused("closed", "That opens nothing of this account.");
  return keys;
}

function typed(account) {
  return new Promise((resolve) => {
    const credential = h("input", { id: "credential", autocomplete: "off", spellcheck: "false", value: account, required: true });
    const secret = h("input", { id: "secret", type: "password", autocomplete: "off", required: true });
    const submit = (event) => {
      event.preventDefault();
      resolve({ credential: credential.value.trim(), secret: secret.value.trim() });
      secret.value = "";
    };
    show(
      h("p", {}, "Your passkey signs in, but cannot open content. Type the Auth Token, or a key's SID and secret. They stay in this frame."),
      h(
        "form",
        { onsubmit: submit, class: "typed" },
        h("label", { for: "credential" }, "Account or key, AC… or SK…"),
        credential,
        h("label", { for: "secret" }, "Auth Token or secret"),
        secret,
        h("button", { class: "main" }, "Open"),
      ),
    );
  });
}
