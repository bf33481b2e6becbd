// A request to a tenant, from asking to reading. The key is in the frame of the key origin; what it opens is shown there.
import { get, post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { showPasskey, whyNot } from "./passkey.js";

const POLL_MS = 2_000;
const form = document.getElementById("ask-for-grant");
const frame = document.getElementById("keys");
const older = document.getElementById("read-older");
const told = document.getElementById("grant-told");

form.querySelector("button").disabled = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  reporting(form.querySelector("button"), () => ask(Object.fromEntries(new FormData(form))));
});
let behind = null;
older.addEventListener("click", () => reporting(older, () => read(behind)));

async function reporting(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    tell(whyNot(error));
  } finally {
    button.disabled = false;
  }
}

async function ask({ account, records, from, hours, reason, minutes }) {
  const promised = await askKeys("ask_grant", {});
  const sids = records.split(/[\s,]+/).filter(Boolean);
  if (!sids.length && !from) throw new Error("Name texts or calls by SID, or the first of whole hours.");
  const what = sids.length ? { records: sids } : { from_ms: Date.parse(`${from}Z`), hours: Number(hours) };
  const wanted = { account: account.trim(), ...what, reason: reason.trim(), minutes: Number(minutes) };
  let { grant } = await freshly("/grants", { ...wanted, ...promised });
  say("Asked. It waits for an approver of the tenant, ten minutes at most.");
  const at = `/grants/${grant.sid}`;
  grant = await until(at, (now) => now.approver_value !== "");
  say("An approver is looking. Reach them by a number that you know, and show the number below.");
  frame.hidden = false;
  const { value } = await askKeys("show_number", { grant });
  ({ grant } = await freshly(`${at}/value`, { value }));
  say("Read the number below to the approver, when you know that it is they.");
  await until(at, (now) => now.approved);
  const granted = await freshly(`${at}/read`, {});
  await askKeys("read_grant", granted);
  say(`Granted until ${new Date(granted.grant.expires_ms).toLocaleTimeString()}. It stands in the tenant's ledger that you read it.`);
}

async function until(at, holds) {
  for (;;) {
    const { grant } = await get(at);
    if (holds(grant)) return grant;
    if (grant.state !== "pending") throw new Error(`It is ${grant.state.replace("_", " ")}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function freshly(address, values) {
  try {
    return await post(address, values);
  } catch (error) {
    if (!error.fresh) throw error;
    const { ceremony, options } = await post("/verify/options");
    await post("/verify", { ceremony, answer: await showPasskey(options) });
    return post(address, values);
  }
}

function say(words) {
  told.textContent = words;
  told.hidden = false;
}
