// What members do on their pages. Content is opened and shown in the key origin's frame; here it is sealed.
import { post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { forgetKey } from "./session_key.js";

const account = document.querySelector("p.aside code").textContent;
const frame = document.getElementById("keys");
const filter = document.getElementById("filter");
const older = document.getElementById("older");
const newest = document.getElementById("newest");
let before = null;

frame.hidden = !filter && !newest;
document.getElementById("sign-out").addEventListener("click", () => reporting(signOut));
const add = document.getElementById("add-passkey");
if (add) {
  add.addEventListener("click", () => reporting(addPasskey));
  add.disabled = false;
}
for (const button of document.querySelectorAll("button[data-act]")) {
  button.addEventListener("click", () => reporting(() => act(button.dataset.act)));
}
if (filter) {
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    before = null;
    reporting(showTexts);
  });
  older.addEventListener("click", () => reporting(showTexts));
  reporting(showTexts);
}

if (newest) {
  newest.addEventListener("click", () => {
    before = null;
    reporting(showLedger);
  });
  older.addEventListener("click", () => reporting(showLedger));
  reporting(showLedger);
}

async function showLedger() {
  const { size } = await askKeys("ledger_seen");
  const ledger = await post("/ledger/entries", { seen: size, before });
  await askKeys("show_ledger", { account, ledger });
  before = ledger.before;
  older.disabled = before === null;
}

async function showTexts() {
  const { credential } = await opened();
  const { day, status, direction } = Object.fromEntries(new FormData(filter));
  const wanted = { day, status: status || null, direction: direction || null, before };
  const page = await post("/texts/sealed", { wanted, credential });
  const { records, epochs, timeline } = page;
  await askKeys("show_messages", { account, records, epochs, timeline });
  before = page.before;
  older.disabled = before === null;
}

/** Whose content is open in the frame: where it is nobody's, a passkey or a secret is asked for there. */
export async function opened() {
  const open = await askKeys("state");
  if (open.account === account) return open;
  const { credential, boxes } = await verified();
  if (boxes.length) {
    await askKeys("unlock", { account, credential, boxes });
    return { account, credential };
  }
  const typed = await askKeys("type_secret", { account });
  const found = await post("/boxes", { credential: typed.credential });
  await askKeys("unlock", { account, credential: typed.credential, boxes: found.boxes });
  return { account, credential: typed.credential };
}

/** The member shows a passkey again; what it opens, sealed. */
export async function verified() {
  frame.hidden = false;
  const { ceremony, options } = await post("/verify/options");
  const { answer } = await askKeys("sign_in", { options, again: true });
  return post("/verify", { ceremony, answer });
}

async function addPasskey() {
  const shown = await verified();
  const { ceremony, options, boxes, proof_key } = await post("/passkeys/options");
  const { credential } = shown;
  const { answer, slot } = await askKeys("add_passkey", { account, credential, boxes, options, proof_key });
  await post("/passkeys", { ceremony, answer, slot });
  location.reload();
}

async function act(address) {
  try {
    await post(address);
  } catch (error) {
    if (!error.fresh) throw error;
    await verified();
    await post(address);
  }
  location.reload();
}

async function signOut() {
  await post("/sign-out");
  await askKeys("lock");
  await forgetKey();
  location.replace("/sign-in");
}

async function reporting(work) {
  try {
    await work();
  } catch (error) {
    tell(error.message);
  }
}
