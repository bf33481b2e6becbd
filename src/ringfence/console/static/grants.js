// A request to a tenant, from asking to reading. The key is in the frame of the key origin; what it opens is shown there.
import { get, post, tell } from "./asking.js";
import { endOf } from "./grant_end.js";
import { askKeys } from "./keys_frame.js";
import { showPasskey, whyNot } from "./passkey.js";
import { shownTime } from "./times.js";

const POLL_MS = 2_000;
const form = document.getElementById("ask-for-grant");
const frame = document.getElementById("keys");
const older = document.getElementById("read-older");
const told = document.getElementById("grant-told");
const granted = document.getElementById("granted-recordings");

form.querySelector("button").disabled = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  reporting(form.querySelector("button"), () => ask(Object.fromEntries(new FormData(form))));
});
document.getElementById("open-shared").disabled = false;
document.getElementById("open-shared").addEventListener("click", ({ currentTarget }) => reporting(currentTarget, openShared));
// What is being read: {at, behind}, `behind` what is on the page.
let reading = null;
// What the frame shows something of: where that grant is.
let shown = "";
older.addEventListener("click", () => reporting(older, read));

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
  if (!sids.length && !from) throw new Error("Name texts, calls or recordings by SID, or the first of whole hours.");
  const what = sids.length ? { records: sids } : { from_ms: Date.parse(`${from}Z`), hours: Number(hours) };
  const wanted = { account: account.trim(), ...what, reason: reason.trim(), minutes: Number(minutes) };
  let { grant, empty } = await freshly("/grants", { ...wanted, ...promised });
  say(`Asked. It waits for an approver of the tenant, ten minutes at most.${leftOut(empty)}`);
  const at = `/grants/${grant.sid}`;
  grant = await until(at, (now) => now.approver_value !== "");
  say("An approver is looking. Reach them by a number that you know, and show the number below.");
  frame.hidden = false;
  shown = at;
  const { value } = await askKeys("show_number", { grant });
  ({ grant } = await freshly(`${at}/value`, { value }));
  say("Read the number below to the approver, when you know that it is they.");
  await until(at, (now) => now.approved);
  reading = { at, behind: {} };
  granted.querySelector("ul").replaceChildren();
  ({ grant } = await read());
  say(`Granted until ${shownTime(grant.expires_ms)} UTC. It stands in the tenant's ledger what you read.`);
  endsWith(at, grant);
}

/** Once the grant has ended, what it opened is on this page no longer. */
async function endsWith(at, grant) {
  const how = await endOf(at, grant.expires_ms);
  if (reading?.at === at) {
    reading = null;
    older.hidden = granted.hidden = true;
    granted.querySelector("ul").replaceChildren();
  }
  if (shown !== at) return;
  shown = "";
  await askKeys("put_away", { grant });
  say(`${how}: what it opened is put away. It stands in the tenant's ledger what you read.`);
}

const stamp = (ms) => shownTime(ms).slice(0, 16);

/** Which of the hours were not asked for. */
function leftOut(hours) {
  return hours.length ? ` Left out, for there is nothing in them: the hours from ${hours.map(stamp).join(", ")} UTC.` : "";
}

/** The next texts and calls go into the frame, and recordings onto the list, where each is opened by itself. */
async function read() {
  const now = reading;
  const { at } = now;
  const found = await freshly(`${at}/read`, now.behind);
  shown = at;
  await askKeys("read_grant", found);
  now.behind = found.behind;
  older.hidden = !found.behind;
  granted.querySelector("ul").append(...found.recordings.map((each) => itemOf(at, each)));
  granted.hidden = !granted.querySelector("li");
  return found;
}

function itemOf(at, { sid, call, created_ms, duration_ms, channels }) {
  const name = document.createElement("code");
  name.textContent = sid;
  const length = duration_ms === null ? "" : `, ${Math.round(duration_ms / 1_000)} s`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Open";
  button.setAttribute("aria-label", `Open ${sid}`);
  button.addEventListener("click", () => reporting(button, () => play(at, sid)));
  const item = document.createElement("li");
  item.append(name, `, of ${call}, ${stamp(created_ms)} UTC${length}, ${channels === 2 ? "two channels" : "one channel"} `, button);
  return item;
}

/** The sealed file goes from here into the frame, which opens and plays it. */
async function play(at, sid) {
  const opener = await freshly(`${at}/recordings/${sid}`, {});
  const response = await fetch(`${at}/recordings/${sid}/sound`);
  if (!response.ok) throw new Error((await response.json()).error);
  shown = at;
  await askKeys("play_grant", { ...opener, file: await response.arrayBuffer() });
  frame.scrollIntoView({ block: "nearest" });
}

/** The code is typed into the frame: this page is told which grant it is of. */
async function openShared() {
  frame.hidden = false;
  frame.scrollIntoView({ block: "nearest" });
  // The form for the code takes the place of whatever stood there.
  shown = "";
  const { sid } = await askKeys("open_shared");
  const at = `/grants/${sid}`;
  const found = await freshly(`/shared/${sid}`, {});
  shown = at;
  await askKeys("read_shared", found);
  say(`Shared until ${shownTime(found.grant.expires_ms)} UTC. It stands in the tenant's ledger that you read it.`);
  endsWith(at, found.grant);
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
