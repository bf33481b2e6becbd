// An account's entries of the ledger, checked here and shown here.

import { hex } from "./crypto/bytes.js";
import { h, show } from "./dom.js";
import { howMany } from "./how_many.js";
import { provenEntries, seen } from "./ledger_proof.js";
import { moment } from "./times.js";

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

async function showLedger(account, brought) {
  const { signed, said, rows } = await provenEntries(account, brought);
  const sound = rows.filter((row) => row !== null).length;
  show(
    h("p", { class: sound === rows.length ? "good" : "bad", role: "status" }, `${sound} of ${howMany(rows.length, "entry is", "entries are")} in the ledger of ${signed.size}, root ${hex(signed.root).slice(0, 16)}…. ${said}`),
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Entry", "When (UTC)", "Who", "What", "Of what"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row) => (row ? shown(row) : h("tr", {}, h("td", { colspan: "5", class: "bad" }, "This entry is not in the ledger."))))),
    ),
  );
  return { entries: rows.length, sound };
}

// As many as what is told of a duty has: its basis is the last.
const NAMES_SHOWN = 5;

function shown({ n, at_ms, actor, verb, scope }) {
  const some = scope.slice(0, NAMES_SHOWN).join(" ") + (scope.length > NAMES_SHOWN ? ` and ${scope.length - NAMES_SHOWN} more` : "");
  return h(
    "tr",
    {},
    h("td", {}, String(n)),
    h("td", { class: "when" }, moment(at_ms)),
    h("td", { class: "text" }, actor),
    h("td", {}, verb),
    h("td", { class: "text" }, some),
  );
}
