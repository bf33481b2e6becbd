// An account's part of the ledger, a page at a time: the frame checks and shows it.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, reporting } from "./member.js";

const newest = document.getElementById("newest");
const older = document.getElementById("older");
let before = null;

newest.addEventListener("click", () => {
  before = null;
  reporting(showLedger);
});
older.addEventListener("click", () => reporting(showLedger));
reporting(showLedger);

async function showLedger() {
  const { size } = await askKeys("ledger_seen");
  const ledger = await post("/ledger/entries", { seen: size, before });
  await askKeys("show_ledger", { account, ledger });
  before = ledger.before;
  older.disabled = before === null;
}
