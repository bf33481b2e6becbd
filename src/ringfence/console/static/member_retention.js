// What the ledger says of duties to retain metadata, a page at a time, the oldest first: the frame checks and shows it.
import { post } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { account, reporting } from "./member.js";

const more = document.getElementById("more");
let after = -1;

onClick("#again", begin);
more.addEventListener("click", () => reporting(showEntries));
begin();

function begin() {
  after = -1;
  reporting(showEntries);
}

async function showEntries() {
  const { size } = await askKeys("ledger_seen");
  const ledger = await post("/retention/entries", { seen: size, after });
  await askKeys("show_ledger", { account, ledger });
  more.disabled = ledger.after === null;
  if (ledger.after !== null) after = ledger.after;
}
