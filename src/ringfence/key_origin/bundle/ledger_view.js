// An account's entries of the ledger, each checked here against the signed root, and the root against the last one that
// this browser saw. The console that brought them is not believed.

import { hex, concat, sha256, text } from "./crypto/bytes.js";
import { base64, openCheckpoint } from "./crypto/checkpoint.js";
import { isBeginning, isIncluded, leafHash } from "./crypto/tree.js";
import { h, pressed, show } from "./dom.js";
import { Refused } from "./refused.js";

const SEEN = "ringfence-ledger";

export const ledger = {
  /** How much of the ledger this browser saw last: what the next look must begin with. */
  async ledger_seen() {
    return { size: seen()?.size ?? 0 };
  },

  /** Checks an account's entries of the ledger, and shows them; how many there are, and how many hold. */
  async show_ledger({ account, ledger: brought }) {
    return showLedger(account, brought);
  },
};

/** What this browser saw last: {key, size, root}, or null. */
function seen() {
  try {
    const found = JSON.parse(localStorage.getItem(SEEN));
    return found && Number.isSafeInteger(found.size) ? found : null;
  } catch {
    return null;
  }
}

/**
 * Shows entries: {body, salt, proof}, the bytes as Base64, under the note `checkpoint` of the ledger of `key`.
 * `consistency` leads from the size that `seen` told to this one.
 */
async function showLedger(account, { checkpoint, key, entries, consistency }) {
  const signed = await openCheckpoint(checkpoint, key);
  const said = await sameHistory(signed, key, consistency);
  const rows = await Promise.all(entries.map((entry) => checked(account, signed, entry)));
  const sound = rows.filter((row) => row !== null).length;
  show(
    h("p", { class: sound === rows.length ? "good" : "bad", role: "status" }, `${sound} of ${rows.length} entries are in the ledger of ${signed.size}, root ${hex(signed.root).slice(0, 16)}…. ${said}`),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Entry", "When", "Who", "What", "Of what"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row) => (row ? shown(row) : h("tr", {}, h("td", { colspan: "5", class: "bad" }, "This entry is not in the ledger."))))),
    ),
  );
  return { entries: rows.length, sound };
}

async function sameHistory(signed, key, consistency) {
  const before = seen();
  if (before && before.key !== key) {
    await pressed("Believe the new key", `The ledger has another key than when you last looked: ${key}. Ask the operator whether it was made anew.`, async () => {});
  }
  if (before && !(await isBeginning(before.size, base64(before.root), signed.size, signed.root, (consistency ?? []).map(base64)))) {
    throw new Refused("ledger", "The ledger does not begin with what you saw last: its past was changed. Keep this page as evidence.");
  }
  try {
    localStorage.setItem(SEEN, JSON.stringify({ key, size: signed.size, root: btoa(String.fromCharCode(...signed.root)) }));
  } catch {
    return "This browser keeps nothing here, so nothing was compared with before.";
  }
  return before ? `It begins with the ${before.size} that you saw last.` : "You look for the first time: the next time it must begin with this.";
}

async function checked(account, signed, { body, salt, proof }) {
  try {
    const bytes = base64(body);
    const found = JSON.parse(text(bytes));
    const leaf = await leafHash(await sha256(concat(base64(salt), bytes)));
    const sound = found.account === account && (await isIncluded(found.n, signed.size, leaf, proof.map(base64), signed.root));
    return sound ? found : null;
  } catch {
    return null;
  }
}

function shown({ n, at_ms, actor, verb, scope }) {
  const when = new Date(at_ms);
  const some = scope.slice(0, 3).join(" ") + (scope.length > 3 ? ` and ${scope.length - 3} more` : "");
  return h(
    "tr",
    {},
    h("td", {}, String(n)),
    h("td", { class: "when" }, h("time", { datetime: when.toISOString() }, when.toLocaleString())),
    h("td", { class: "text" }, actor),
    h("td", {}, verb),
    h("td", { class: "text" }, some),
  );
}
