// Whom somebody touched: what the ledger tells of and the sealed records go to the frame, a page at a time, which opens
// them and makes the list.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const place = document.getElementById("touched");
const find = document.getElementById("find");
const stop = document.getElementById("stop");
const progress = document.getElementById("progress");
const { who, by, name, first, last, kinds } = place.dataset;
// Hours are asked for in runs: those between two that are asked for would be looked through for nothing.
const HOURS_AT_ONCE = 200;
const GAP_HOURS = 3;
const NAMES_AT_ONCE = 500;
let stopped = false;

find.addEventListener("click", () => reporting(run));
stop.addEventListener("click", () => {
  stopped = true;
});
find.disabled = false;

async function run() {
  find.disabled = true;
  stop.disabled = false;
  stopped = false;
  try {
    const { credential } = await opened();
    await askKeys("touched_begin", { account, who, by, name, first_ms: Number(first), last_ms: Number(last) });
    await readLedger();
    const { epochs, names } = await askKeys("touched_wanted", { account });
    const runs = runsOf(epochs);
    for (const [at, hours] of runs.entries()) {
      progress.textContent = `Hours: part ${at + 1} of ${runs.length}.`;
      for (const kind of kinds.split(" ")) await readHours(kind, hours, credential);
    }
    for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
      progress.textContent = `Records by name: ${at} of ${names.length}.`;
      await take("/touched/named", { names: names.slice(at, at + NAMES_AT_ONCE), credential });
    }
    await askKeys("touched_end", { account });
    progress.textContent = "Done.";
  } catch (error) {
    progress.textContent = stopped ? "Stopped." : "This did not come to its end.";
    if (!stopped) throw error;
  } finally {
    find.disabled = false;
    stop.disabled = true;
  }
}

async function readLedger() {
  for (let after = -1; after !== null; ) {
    progress.textContent = "Reading the ledger.";
    const { size } = await askKeys("ledger_seen");
    const ledger = await asked(`${location.pathname}/entries`, { seen: size, after });
    await askKeys("touched_entries", { account, ledger });
    after = ledger.after;
  }
}

async function readHours(kind, epochs, credential) {
  for (let before = null; ; ) {
    before = await take("/touched/sealed", { kind, epochs, credential, before });
    if (before === null) return;
  }
}

/** Gives the frame what is answered; what the next page begins behind. */
async function take(address, values) {
  const { records, epochs, before } = await asked(address, values);
  await askKeys("touched_records", { account, records, epochs });
  return before ?? null;
}

async function asked(address, values) {
  if (stopped) throw new Error("stopped");
  return post(address, values);
}

/** Hours in order, in runs without long gaps. An epoch's number is its hour times 256, and a count. */
function runsOf(epochs) {
  const runs = [];
  let before = -Infinity;
  for (const epoch of epochs) {
    const hour = Math.floor(epoch / 256);
    if (hour - before > GAP_HOURS || runs.at(-1).length >= HOURS_AT_ONCE) runs.push([]);
    runs.at(-1).push(epoch);
    before = hour;
  }
  return runs;
}
