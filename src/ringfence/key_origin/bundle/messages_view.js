// A page of texts, opened here and shown here. The console that brought them gets no word of what they say.

import { fromBase64url } from "./crypto/bytes.js";
import { decode } from "./crypto/msgpack.js";
import { openField, recordKey } from "./crypto/records.js";
import { h, show } from "./dom.js";
import { epochKeys } from "./epoch_keys.js";
import { keysOf } from "./keeping.js";

const INBOUND = "inbound";

export const texts = {
  /** Shows texts: {sid, epoch, content, direction, status, local, created_ms, price, error_code}. */
  async show_messages({ account, records, epochs, timeline }) {
    const keys = await keysOf(account);
    return showMessages(records, await openMessages(keys, account, records, epochs), String(timeline));
  },
};

/** The contents of records, in order, null where one does not open: {remote, body, media}. */
async function openMessages(keys, account, records, epochs) {
  const epochKey = epochKeys(keys, account, epochs);
  return Promise.all(
    records.map(async ({ sid, epoch, content }) => {
      try {
        const key = await recordKey(await epochKey(epoch), sid);
        const [remote, body, , media] = decode(await openField(key, account, sid, "content", fromBase64url(content)));
        return { remote, body, media: media.length };
      } catch {
        return null;
      }
    }),
  );
}

/** Shows them; the number that are shown, and of those that did not open. */
export function showMessages(records, contents, timeline) {
  const rows = records.map((record, at) => row(record, contents[at], timeline));
  const heads = ["When", "", "Number", "Text", "Status", "Price"].map((name) => h("th", { scope: "col" }, name));
  show(
    records.length
      ? h("table", { class: "texts" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))
      : h("p", {}, "No texts."),
  );
  return { shown: records.length, unopened: contents.filter((content) => content === null).length };
}

function row(record, content, timeline) {
  const inbound = record.direction === INBOUND;
  const when = new Date(record.created_ms);
  const told = content ? content.body || (content.media ? "" : "(empty)") : record.content ? "Not open: other keys sealed it." : "Redacted.";
  return h(
    "tr",
    {},
    h("td", { class: "when" }, h("a", linked(`${timeline}/${record.sid}`), h("time", { datetime: when.toISOString() }, when.toLocaleString()))),
    h("td", { class: "way", title: inbound ? "came in" : "went out" }, inbound ? "←" : "→", h("span", { class: "aside" }, inbound ? " came in" : " went out")),
    h("td", { class: "number" }, content ? content.remote : "", h("span", { class: "own" }, record.local)),
    h("td", { class: content ? "text" : "text closed" }, told, content?.media ? h("span", { class: "own" }, ` ${content.media} media`) : null),
    h("td", { class: `status ${record.status}` }, record.status, record.error_code ? h("span", { class: "own" }, ` ${record.error_code}`) : null),
    h("td", { class: "price" }, record.price ?? ""),
  );
}

function linked(address) {
  const safe = /^https?:\/\//.test(address);
  return safe ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {};
}
