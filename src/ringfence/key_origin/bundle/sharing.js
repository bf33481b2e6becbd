// One text's or call's timeline, shared with support: its key is sealed to a key that a code makes. The member's frame
// shows the code, and gives it to no console; whoever of staff gets it types it into a frame of theirs.

import { fromBase64url, random, toBase64url } from "./crypto/bytes.js";
import { openGrant, sealGrant } from "./crypto/grants.js";
import { pairOf, SEED_BYTES } from "./crypto/xwing.js";
import { filledIn, h, inWords, show } from "./dom.js";
import { grantKeeper } from "./grant_keeper.js";
import { scopeOf } from "./grant_scope.js";
import * as keeping from "./keeping.js";
import { readerBy } from "./record_fields.js";
import { grantedRecordKey, ownRecordKey } from "./record_keys.js";
import { Refused } from "./refused.js";
import { shownTime } from "./times.js";
import { showCall, showText } from "./timeline_view.js";

const MINUTES = 60;
const SHARED = "shared";
const SID = /^GR[0-9a-f]{32}$/;
const CODE = /^(GR[0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;
// What a code was typed for: {sid, pair}.
let typed = null;

export const sharing = {
  /** Member: seals the key of one record, {sid, epoch}, and shows the code. `epochs` as `show_text` takes them; `grant` is
   *  {sid, account, names}. */
  async share_record({ grant, record, epochs }) {
    const open = await keeping.open();
    if (!open || open.account !== grant.account) throw new Refused("locked", "Show your passkey first.");
    if (grant.names.length !== 1 || grant.names[0] !== record.sid) throw new Refused("changed", "This is not what is shown here.");
    if (!SID.test(grant.sid)) throw new Refused("changed", "That is no grant.");
    const { said } = scopeOf(grant.names, Date.now());
    const secret = random(SEED_BYTES);
    const { publicBytes } = await pairOf(secret);
    const expires_ms = Date.now() + MINUTES * 60_000;
    const bound = { ...grant, staff: SHARED, session: SHARED, public: toBase64url(publicBytes), expires_ms };
    const key = await ownRecordKey(open.keys, open.account, epochs, record);
    const { lid, boxes } = await sealGrant(bound, [[record.sid, key]], await grantKeeper());
    key.fill(0);
    const code = `${grant.sid}.${toBase64url(secret)}`;
    secret.fill(0);
    show(
      h("p", {}, `Give this code to the person of support who helps you. With it, and in a session of staff, they read ${said}, ${record.sid}, with what your program was told of it, until ${shownTime(expires_ms)} UTC. Your ledger says who did. End it under Approvals.`),
      h("p", {}, h("code", { class: "secret", tabindex: "0", "aria-label": "Code" }, code)),
      h("p", { role: "status" }, "Sealed, and passed to the console, which is not told the code."),
    );
    return { public: bound.public, minutes: MINUTES, expires_ms, lid: toBase64url(lid), box: toBase64url(boxes[0][1]) };
  },

  /** Staff: asks for a code. Which grant it is of is told, and nothing else of it. */
  async open_shared() {
    typed = await filledIn((done) => {
      const code = h("input", { id: "code", autocomplete: "off", spellcheck: "false", required: true });
      const trouble = h("p", { role: "alert", class: "trouble" });
      const submit = async (event) => {
        event.preventDefault();
        try {
          done(await opened(code.value.trim()));
        } catch (problem) {
          trouble.textContent = inWords(problem);
        }
      };
      show(
        h("form", { onsubmit: submit, class: "typed" }, h("label", { for: "code" }, "The code that the tenant gave you"), code, h("button", { class: "main" }, "Open")),
        trouble,
      );
    });
    return { sid: typed.sid };
  },

  /** Staff: shows what was shared. `record` and what is beside it as `show_text` or `show_call` takes them. */
  async read_shared({ grant, lid, box, ...timeline }) {
    const { sid, pair } = typed ?? {};
    if (!pair || grant.sid !== sid || grant.public !== toBase64url(pair.publicBytes)) {
      throw new Refused("another", "That is not what this code opens.");
    }
    const { record } = timeline;
    const keys = await openGrant(grant, pair, fromBase64url(lid), [[grant.names[0], fromBase64url(box)]]);
    const bytes = await grantedRecordKey(keys, record);
    if (!bytes) throw new Refused("sealed", "This was not shared.");
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
    for (const each of [bytes, ...keys.values()]) each.fill(0);
    const read = readerBy(grant.account, async ({ sid: of }) => (of === record.sid ? key : null));
    return record.sid.startsWith("CA") ? showCall(read, timeline) : showText(read, timeline);
  },
};

async function opened(code) {
  const parts = CODE.exec(code);
  if (!parts) throw new Refused("code", "That is no such code: it begins with GR, and is copied whole.");
  const secret = fromBase64url(parts[2]);
  const pair = await pairOf(secret);
  secret.fill(0);
  return { sid: parts[1], pair };
}
