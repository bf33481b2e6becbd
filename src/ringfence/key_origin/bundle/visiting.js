// A person's visit: the passkey that they show or the secret that they type, and what it opens. The content keys stay in
// `keeping.js`; what a view needs of them, it asks for by account.

import { fromBase64url } from "./crypto/bytes.js";
import { openContentKeys, slotOf } from "./crypto/slots.js";
import { h, inWords, pressed, show } from "./dom.js";
import * as keeping from "./keeping.js";
import { makePasskey, needPasskeys, showPasskey } from "./passkey.js";
import { kitOf, slotOfKit } from "./recovery_kit.js";
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
    const { credential, slot } = await typed(account);
    hold(credential, slot);
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

/** What a person types, {credential, slot}: the Auth Token, a key's secret, or the recovery kit. */
function typed(account) {
  return new Promise((resolve) => {
    showSecret();

    function showSecret() {
      const credential = h("input", { id: "credential", autocomplete: "off", spellcheck: "false", value: account, required: true });
      const secret = h("input", { id: "secret", type: "password", autocomplete: "off", required: true });
      form(
        "Your passkey signs in, but cannot open content. Type the Auth Token, or a key's SID and secret. They stay in this frame.",
        [h("label", { for: "credential" }, "Account or key, AC… or SK…"), credential, h("label", { for: "secret" }, "Auth Token or secret"), secret],
        async () => {
          const name = credential.value.trim();
          const slot = await slotOf(secret.value.trim(), name);
          secret.value = "";
          return { credential: name, slot };
        },
        h("button", { type: "button", class: "other", onclick: showKit }, "Type the recovery kit instead"),
      );
    }

    function showKit() {
      const kit = h("textarea", { id: "kit", rows: "5", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", required: true });
      form(
        "Type the 13 groups of the recovery kit in their order. It stays in this frame, and reads for this visit; it signs nobody in.",
        [h("label", { for: "kit" }, "Recovery kit"), kit],
        async () => {
          const slot = await slotOfKit(kit.value, account);
          kit.value = "";
          return { credential: kitOf(account), slot };
        },
        h("button", { type: "button", class: "other", onclick: showSecret }, "Type a secret instead"),
      );
    }

    function form(note, fields, read, other) {
      const trouble = h("p", { role: "alert", class: "trouble" });
      const submit = async (event) => {
        event.preventDefault();
        try {
          resolve(await read());
        } catch (problem) {
          trouble.textContent = inWords(problem);
        }
      };
      show(h("p", {}, note), h("form", { onsubmit: submit, class: "typed" }, fields, h("button", { class: "main" }, "Open")), trouble, other);
    }
  });
}
