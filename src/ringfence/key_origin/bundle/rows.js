// What tables of texts and calls have alike: when, which way, the ends, how it went, what it cost.

import { h } from "./dom.js";
import { moment } from "./times.js";

const INBOUND = "inbound";

/** A table of `rows` under heads; a head of "" is one of arrows, named for who does not see them. */
export const columns = (name, heads, rows) =>
  h("table", { class: name }, h("thead", {}, h("tr", {}, heads.map(headed))), h("tbody", {}, rows));

const headed = (head) => h("th", { scope: "col" }, head || h("span", { class: "aside" }, "Direction"));

/** When a record was made, which leads to its page where `at` says where such pages are. */
export function stamp(record, at) {
  return h("td", { class: "when" }, h("a", linked(at && `${at}/${record.sid}`), moment(record.created_ms)));
}

export const CLEAR_HEADS = ["sid", "made_utc", "direction", "own", "other", "status", "error", "price"];

/** The cells under those heads, for a table that is saved. */
export const clearCells = (record, remote) => [
  record.sid,
  new Date(record.created_ms).toISOString(),
  record.direction,
  record.local,
  remote,
  record.status,
  record.error_code,
  record.price,
];

/** Two cells: the direction, and the other end's number over the account's own. */
export function ends(record, remote) {
  const inbound = record.direction === INBOUND;
  return [
    h("td", { class: "way", title: inbound ? "came in" : "went out" }, inbound ? "←" : "→", h("span", { class: "aside" }, inbound ? " came in" : " went out")),
    h("td", { class: "number" }, remote ?? "", h("span", { class: "own" }, record.local)),
  ];
}

/** Two cells: status with its error, and price. */
export const outcome = (record) => [
  h("td", { class: `status ${record.status}` }, record.status, record.error_code ? h("span", { class: "own" }, ` ${record.error_code}`) : null),
  h("td", { class: "price" }, record.price ?? ""),
];

/** The attributes of a link to a page of the console that frames us: it opens there. Other addresses give none. */
export const linked = (address) => (/^https?:\/\//.test(address) ? { href: address, target: "_top", rel: "noreferrer" } : {});
