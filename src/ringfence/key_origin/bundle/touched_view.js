// Whom somebody touched: the numbers in all records that the ledger says were within reach, opened here, as two lists to
// save. The console brings entries and sealed records, and learns no number. What does not open is in the lists too.

import { csvHead, csvRows } from "./csv.js";
import { h, show } from "./dom.js";
import { keysOf } from "./keeping.js";
import { provenEntries } from "./ledger_proof.js";
import { Reach } from "./reach.js";
import { fieldReader } from "./record_fields.js";
import { Refused } from "./refused.js";
import { columns } from "./rows.js";
import { savesParts } from "./saving.js";
import { moment } from "./times.js";

// So many are held: each takes some 200 bytes, as a line of the list.
const RECORDS_MAX = 1_000_000;
const SHOWN = 100;
const NUMBERS = ["number", "first_touched_utc", "last_touched_utc", "objects", "kinds"];
const OBJECTS = ["sid", "kind", "made_utc", "number", "first_touched_utc", "last_touched_utc", "openings", "key_of", "state"];

let work = null;

export const touched = {
  /** Begins with nobody: {account, who, by, name, first_ms, last_ms}. `who` is that in words. */
  async touched_begin({ account, who, by, name, first_ms, last_ms }) {
    work = {
      account,
      who: String(who),
      reach: new Reach({ by, name, first_ms, last_ms }),
      unproven: 0,
      seen: new Set(),
      lines: [],
      numbers: new Map(),
      states: new Map(),
    };
    progress("Reading the ledger.");
  },

  /** Takes a page of the account's entries of the ledger, as `show_ledger` does; how many are not in the ledger. */
  async touched_entries({ account, ledger }) {
    const { rows } = await provenEntries(account, ledger);
    const { reach } = of(account);
    for (const row of rows) {
      if (row) reach.add(row);
      else work.unproven += 1;
    }
    progress(`Entries of the ledger read: ${reach.entries}.`);
    return { unproven: work.unproven };
  },

  /** What has to be brought: hours whole, and records by their SIDs. */
  async touched_wanted({ account }) {
    const { hours, records } = of(account).reach;
    return { epochs: [...hours.keys()].sort((one, other) => one - other), names: [...records.keys()] };
  },

  /**
   * Opens records, {sid, epoch, created_ms, of, of_epoch, field, content, direction}: the number is in `content`,
   * sealed as `field` of the record `of`. Of those that were not within reach, or came before, nothing is taken.
   */
  async touched_records({ account, records, epochs }) {
    const { reach, seen } = of(account);
    const read = fieldReader(await keysOf(account), account, epochs);
    const lines = await Promise.all(
      records.map(async (record) => {
        const found = seen.has(record.sid) ? null : reach.of(record);
        if (!found) return null;
        if (seen.size >= RECORDS_MAX) throw new Refused("touched", `More than ${RECORDS_MAX} records were within reach: ask the operator for a shorter time.`);
        seen.add(record.sid);
        return lineOf(record, found, await read(sealedIn(record), record.field, record.content));
      }),
    );
    work.lines.push(csvRows(lines.filter((line) => line !== null)));
    progress(`Records opened: ${seen.size}.`);
    return { taken: seen.size };
  },

  /** Shows what came of it, with the lists to save. Records that were named and are not there any more are in them. */
  async touched_end({ account }) {
    const { reach, seen } = of(account);
    const gone = [...reach.records].filter(([sid]) => !seen.has(sid));
    work.lines.push(csvRows(gone.map(([sid, times]) => [sid, kindOf(sid), "", "", stamp(times[0]), stamp(times.at(-1)), times.length, "record", counted("deleted")])));
    show(...outcome(work));
    return { objects: seen.size + gone.length, unopened: (work.states.get("not open") ?? 0) + gone.length };
  },
};

// What the console says of a record's hour shows when it opens under that hour's key. A recording's number is its call's:
// which call that is, is the console's word.
const sealedIn = (record) => (kindOf(record.sid) === "recording" ? { sid: record.of, epoch: record.of_epoch } : record);

function of(account) {
  if (work === null || work.account !== account) throw new Refused("touched", "Begin anew: this page was opened for something else.");
  return work;
}

/** A line of the list of objects; its number is counted. */
function lineOf(record, { times, how }, content) {
  const kind = kindOf(record.sid);
  const place = ["call", "recording"].includes(kind) && record.direction === "inbound" ? 1 : 0;
  const number = String(content?.[place] ?? "");
  const state = how === "later" ? "made later" : number ? "opened" : record.content ? "not open" : "emptied";
  if (state === "opened") count(number, kind, times);
  const [first, last] = times.length ? [stamp(times[0]), stamp(times.at(-1))] : ["", ""];
  return [record.sid, kind, stamp(record.created_ms), number, first, last, times.length, how === "record" ? "record" : "hour", counted(state)];
}

function count(number, kind, times) {
  const known = work.numbers.get(number) ?? { first_ms: Infinity, last_ms: 0, objects: 0, kinds: 0 };
  known.first_ms = Math.min(known.first_ms, times[0]);
  known.last_ms = Math.max(known.last_ms, times.at(-1));
  known.objects += 1;
  known.kinds |= 1 << KINDS_IN_ORDER.indexOf(kind);
  work.numbers.set(number, known);
}

function counted(state) {
  work.states.set(state, (work.states.get(state) ?? 0) + 1);
  return state;
}

const stamp = (at_ms) => new Date(at_ms).toISOString();

const KINDS = { SM: "text", MM: "text", VL: "text", CA: "call", RE: "recording", VE: "verification" };
// One bit each, where there are a hundred thousand numbers.
const KINDS_IN_ORDER = ["call", "recording", "text", "verification"];
const kindOf = (sid) => KINDS[sid.slice(0, 2)] ?? "other";

const progress = (words) => show(h("p", { role: "status" }, words));

const MEANT = {
  opened: "Within reach, with their numbers in the list",
  "not open": "Within reach, and closed to your keys, so that their numbers are not known here: other keys sealed them, which are gone, or they were altered",
  emptied: "Within reach, and emptied since, so that their numbers are not known any more",
  deleted: "Opened by name, and deleted since, so that their numbers are not known any more",
  "made later": "Of hours whose key was handed out, but made after the last time, so that only a key that was kept opens them: their numbers are not in the list",
};

function outcome({ reach, who, numbers, states, lines, unproven }) {
  const sorted = [...numbers].sort(([, one], [, other]) => one.first_ms - other.first_ms);
  const cells = ([number, { first_ms, last_ms, objects, kinds }]) => [number, stamp(first_ms), stamp(last_ms), objects, kindsOf(kinds)];
  const others = [...reach.others].map(([verb, many]) => `${verb} ${many}`).join(", ");
  return [
    h("p", { role: "status", class: unproven ? "bad" : "good" }, `Numbers touched by ${who}: ${numbers.size}. Entries of the ledger that say so: ${reach.entries}; keys of whole hours: ${reach.hours.size}; records by name: ${reach.records.size}.`),
    unproven ? h("p", { role: "alert", class: "bad" }, `Entries that came and are not in the ledger, and were left out: ${unproven}. Keep this page as evidence, and ask your operator.`) : null,
    h("ul", {}, [...states].map(([state, many]) => h("li", {}, `${MEANT[state]}: ${many}.`))),
    h("p", {}, "Texts and calls of these hours that were deleted before now are in no list: nothing tells their numbers any more."),
    reach.kept.size ? h("p", {}, `What a duty to retain metadata had kept of these days was opened too, numbers that it names among it: ${[...reach.kept].join(", ")}. Those are in no list here: take all of your texts and calls of these days for touched.`) : null,
    others ? h("p", {}, `Opened too, and no record by that: ${others}.`) : null,
    savesParts("numbers-touched", "Save the numbers as CSV", () => [csvHead(NUMBERS), csvRows(sorted.map(cells))]),
    savesParts("objects-touched", "Save each record as CSV", () => [csvHead(OBJECTS), ...lines]),
    sorted.length ? tableOf(sorted.slice(0, SHOWN)) : null,
    sorted.length > SHOWN ? h("p", {}, `More, in the list to save: ${sorted.length - SHOWN}.`) : null,
  ];
}

const kindsOf = (kinds) => KINDS_IN_ORDER.filter((_, place) => kinds & (1 << place)).join(" ");

const SHOWN_HEADS = ["Number", "First touched (UTC)", "Last touched (UTC)", "Records", "Kinds"];

const tableOf = (numbers) => columns("touched", SHOWN_HEADS, numbers.map(row));

function row([number, { first_ms, last_ms, objects, kinds }]) {
  const cells = [number, moment(first_ms), moment(last_ms), String(objects), kindsOf(kinds)];
  return h("tr", {}, cells.map((cell, place) => h("td", { "data-head": SHOWN_HEADS[place] }, cell)));
}
