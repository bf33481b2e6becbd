// An API key that is made here: its secret is shown in this frame, once, and leaves it nowhere. For the key service there
// are its verifier, HMAC's states, and the content keys sealed to it, with a proof by the passkey that is shown for it.

import { fromBase64url, hex, random, sha256, toBase64url, utf8 } from "./crypto/bytes.js";
import { statesOf } from "./crypto/hmac_states.js";
import { contentPair, openContentKeys, pairFor, proveSlot, sealContentKeys, slotOf } from "./crypto/slots.js";
import { filledIn, h, inWords, show } from "./dom.js";
import { grantKeeper } from "./grant_keeper.js";
import { lifeChoice } from "./key_life.js";
import { NEW_SCOPES, scopeChoice, wrongIn } from "./key_scope.js";
import { readNetworks } from "./networks.js";
import { asksToken, openToChange, provenForm, provingSlot } from "./proving.js";
import { Refused } from "./refused.js";
import { review } from "./standing_review.js";

const SECRET_CHARACTERS = 32;
const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
// The key that waits to be kept: {sid, secret}.
let made = null;

export const newKeys = {
  /**
   * A person says what the key may do and looks it over; {record, form} for the key service. `boxes` are the account's
   * content keys, sealed to what opened the content.
   */
  async make_key({ account, boxes, proof_key }) {
    made = null;
    const open = await openToChange(account);
    const keeper = await grantKeeper();
    const proofKey = fromBase64url(proof_key);
    return filledIn((done) => {
      const form = wishes((key) => {
        const about = `A new key of the account ${account}. Its secret is shown here once it is made.`;
        const save = async (token) => {
          const slot = await provingSlot(open, token);
          const found = await openContentKeys(slot, account, open.credential, boxes.map(([generation, box]) => [generation, fromBase64url(box)]));
          if (!found.length) throw new Refused("closed", "That opens nothing of this account.");
          const { sid, secret, changes } = await madeOf(account, found, proofKey, key);
          const record = `new_key:${sid}`;
          const proven = await provenForm({ keeper, open, record, slot, proof_key, changes });
          made = { sid, secret };
          show(h("p", {}, "One moment …"));
          done({ record, form: proven });
        };
        review({ about, changes: told(key), asksToken: asksToken(open), save, back: () => show(form), press: "Make this key", rest: "" });
      });
      show(form);
    });
  },

  /** Shows the secret of the key that was made, which is forgotten then. Where it was not `kept`, it is forgotten unseen. */
  async show_made_key({ kept }) {
    const key = made;
    made = null;
    if (!key || kept !== true) {
      show(h("p", {}, "No key was made."));
      return {};
    }
    const heading = h("h2", { tabindex: "-1" }, "The key is made");
    const gone = () => show(h("p", {}, "The secret is gone from here."));
    show(
      heading,
      h("dl", {}, h("dt", {}, "SID"), h("dd", { class: "text" }, key.sid), h("dt", {}, "Secret"), h("dd", { class: "text" }, key.secret)),
      h("p", {}, "Copy it to where your program reads it from. It is shown this once, and nobody can tell it again."),
      h("button", { type: "button", class: "main", onclick: gone }, "I have it"),
    );
    heading.focus();
    return { sid: key.sid };
  },
};

/** A form for what a key may do; `look` gets {name, may, policy, networks, until, ends_ms} once that may be. */
function wishes(look) {
  const name = h("input", { id: "name", autocomplete: "off", maxlength: "64", required: true });
  const scope = scopeChoice(NEW_SCOPES);
  const life = lifeChoice();
  const networks = h("input", { id: "networks", autocomplete: "off", spellcheck: "false" });
  const trouble = h("p", { role: "alert", class: "trouble" });
  const submit = (event) => {
    event.preventDefault();
    trouble.textContent = "";
    try {
      look(read());
    } catch (problem) {
      trouble.textContent = inWords(problem);
    }
  };
  const read = () => {
    if (!name.value.trim()) throw wrongIn(name, "Give the key a name.");
    const { words: may, policy } = scope.read();
    try {
      readNetworks(networks.value);
    } catch (problem) {
      throw wrongIn(networks, problem.message);
    }
    const { words: until, ends_ms } = life.read();
    return { name: name.value.trim(), may, policy, networks: networks.value.trim(), until, ends_ms };
  };
  return h(
    "form",
    { onsubmit: submit, class: "typed wide", novalidate: true },
    h("h2", {}, "A new key"),
    h("label", { for: "name" }, "Name"),
    name,
    scope.elements,
    h("label", { for: "networks" }, "From these networks, with spaces between; empty: from everywhere"),
    networks,
    life.elements,
    trouble,
    h("button", { class: "main" }, "Look it over"),
  );
}

/** What a person looks over, [what, value]. */
const told = ({ name, may, networks, until }) => [
  ["Name", name],
  ["It may", may],
  ["From", networks || "Everywhere"],
  ["Until", until],
];

/** A new secret under a new SID, and what the key service keeps in its place. */
async function madeOf(account, contentKeys, proofKey, { name, policy, networks, ends_ms }) {
  const sid = `SK${Date.now().toString(16).padStart(12, "0")}${hex(random(10))}`;
  const secret = newSecret();
  const bytes = utf8(secret);
  const { generation, bytes: present } = contentKeys.at(-1);
  const pair = await contentPair(present);
  const { publicBytes } = pairFor(await slotOf(secret, sid), pair);
  const boxes = await sealContentKeys(contentKeys, account, sid, publicBytes);
  const proof = await proveSlot(pair, proofKey, { account, credential: sid, generation, publicBytes, boxes });
  for (const key of contentKeys) key.bytes.fill(0);
  const changes = {
    friendly_name: name,
    policy,
    networks,
    ends_ms,
    verifier: toBase64url(await sha256(bytes)),
    hmac_states: toBase64url(statesOf(bytes)),
    public: toBase64url(publicBytes),
    boxes: boxes.map(([generation, box]) => [generation, toBase64url(box)]),
    proof: toBase64url(proof),
  };
  return { sid, secret, changes };
}

/** 32 letters and digits, each as likely as another: 190 random bits. */
function newSecret() {
  const fair = 256 - (256 % ALPHABET.length);
  let secret = "";
  while (secret.length < SECRET_CHARACTERS) {
    const [byte] = random(1);
    if (byte < fair) secret += ALPHABET[byte % ALPHABET.length];
  }
  return secret;
}
