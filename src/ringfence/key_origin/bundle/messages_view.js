// A page of texts, opened here and shown here. The console that brought them gets no word of what they say.

import { h, show } from "./dom.js";
import { keysOf } from "./keeping.js";
import { fieldReader } from "./record_fields.js";
import { CLEAR_HEADS, clearCells, columns, ends, outcome, stamp } from "./rows.js";
import { savesTable } from "./saving.js";

export const texts = {
  /** Shows texts: {sid, epoch, content, direction, status, local, created_ms, price, error_code}. */
  async show_messages({ account, records, epochs, at }) {
    const keys = await keysOf(account);
    return showMessages(records, await openMessages(keys, account, records, epochs), String(at));
  },
};

/** The contents of records, in order, null where one does not open: {remote, body, media}. */
async function openMessages(keys, account, records, epochs) {
  const read = fieldReader(keys, account, epochs);
  return Promise.all(records.map(async (record) => textOf(await read(record, "content", record.content))));
}

/** A text's content as it is written, for people: {remote, body, media}, or null. */
export function textOf(content) {
  if (content === null) return null;
  const [remote, body, , media] = content;
  return { remote, body, media: media.length };
}

/** Shows them; the number that are shown, and of those that did not open. `at` is where the page of one text is. */
export function showMessages(records, contents, at) {
  const cells = () => records.map((record, place) => [...clearCells(record, contents[place]?.remote), contents[place]?.body]);
  show(
    ...(records.length
      ? [textTable(records, contents, at), savesTable("texts", [...CLEAR_HEADS, "text"], cells)]
      : [h("p", {}, "No texts.")]),
  );
  return { shown: records.length, unopened: contents.filter((content) => content === null).length };
}

/** A table of texts. */
export function textTable(records, contents, at) {
  const rows = records.map((record, place) => row(record, contents[place], at));
  return columns("texts", ["When (UTC)", "", "Number", "Text", "Status", "Price"], rows);
}

function row(record, content, at) {
  return h(
    "tr",
    {},
    stamp(record, at),
    ...ends(record, content?.remote),
    h("td", { class: content ? "text" : "text closed" }, bodyOf(record, content), content?.media ? h("span", { class: "own" }, ` ${content.media} media`) : null),
    ...outcome(record),
  );
}

/** What a text says, or why it is not read here. */
export function bodyOf(record, content) {
  if (content) return content.body || (content.media ? "" : "(empty)");
  return record.content ? "Not open: other keys sealed it." : "Redacted.";
}
