// A page of calls, opened here and shown here: who called whom, and how that went.

import { h, show } from "./dom.js";
import { keysOf } from "./keeping.js";
import { fieldReader } from "./record_fields.js";
import { CLEAR_HEADS, clearCells, columns, ends, outcome, stamp } from "./rows.js";
import { savesTable } from "./saving.js";
import { duration } from "./times.js";

export const calls = {
  /** Shows calls: {sid, epoch, content, direction, status, local, created_ms, duration_ms, price, error_code}. `at` is
   *  where the page of one call is. */
  async show_calls({ account, records, epochs, at }) {
    const read = fieldReader(await keysOf(account), account, epochs);
    const contents = await Promise.all(records.map((record) => read(record, "content", record.content)));
    const rows = records.map((record, place) => callRow(record, contents[place], String(at)));
    const cells = () =>
      records.map((record, place) => [
        ...clearCells(record, contents[place] && remoteOf(record, contents[place])),
        record.duration_ms === null ? null : record.duration_ms / 1_000,
      ]);
    show(...(records.length ? [callTable(rows), savesTable("calls", [...CLEAR_HEADS, "length_s"], cells)] : [h("p", {}, "No calls.")]));
    return { shown: records.length, unopened: contents.filter((content) => content === null).length };
  },
};

export const callTable = (rows) => columns("calls", ["When (UTC)", "", "Number", "Length", "Status", "Price"], rows);

/** A row of the table; `content` is what opened, or null. */
export function callRow(record, content, at) {
  return h(
    "tr",
    {},
    stamp(record, at),
    ...ends(record, content ? remoteOf(record, content) : "Not open: other keys sealed it."),
    h("td", { class: "length" }, record.duration_ms === null ? "" : duration(record.duration_ms)),
    ...outcome(record),
  );
}

/** The end of a call that is not the account's. */
export const remoteOf = (record, [to, sender]) => (record.direction === "inbound" ? sender : to);
