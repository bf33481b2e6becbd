// An account's part of the ledger, a page at a time: the frame checks and shows it.
import { post } from "./asking.js";
import { followSealed } from "./follow_sealed.js";
import { onClick } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { account, reporting } from "./member.js";

const older = document.getElementById("older");
let before = null;

const following = followSealed(async () => begin());

onClick("#newest", begin);
older.addEventListener("click", () => reporting(showLedger));
begin();

function begin() {
  before = null;
  reporting(showLedger);
}

async function showLedger() {
  await following(before === null ? "/ledger" : null);
  const { size } = await askKeys("ledger_seen");
  const ledger = await post("/ledger/entries", { seen: size, before });
  await askKeys("show_ledger", { account, ledger });
  before = ledger.before;
  older.disabled = before === null;
}
