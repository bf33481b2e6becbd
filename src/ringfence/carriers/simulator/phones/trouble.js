// What goes wrong for one handset, or for all: choices that become faults.

import { addFault, clearFaults, clearTexts, removeFault, removeHandset, renameHandset, reset } from "./api.js";
import { attempt, choice, field, openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { prettyNumber } from "./format.js";

const FAILURES = [
  ["", "Arrive"],
  ["30003", "Fail: 30003 unreachable handset"],
  ["30004", "Fail: 30004 blocked"],
  ["30005", "Fail: 30005 unknown handset"],
  ["30006", "Fail: 30006 landline"],
  ["30007", "Fail: 30007 filtered"],
  ["30008", "Fail: 30008 unknown error"],
];
const DELAYS = [["", "At once"], ["5000", "After 5 s"], ["30000", "After 30 s"], ["120000", "After 2 min"]];
const RECEIPTS = [
  ["", "Once, at once"],
  ["lose_receipts", "Never"],
  ["late_receipts", "10 s late"],
  ["duplicate_receipts", "Twice"],
  ["reorder_receipts", "Out of order"],
];
const LINKS = [
  ["", "Takes texts"],
  ["throttle", "Throttles: come back in 2 s"],
  ["refuse", "Refuses every text (30008)"],
  ["disconnect", "Disconnected"],
];
const RECEIPT_KINDS = RECEIPTS.map(([kind]) => kind).filter(Boolean);
const LINK_KINDS = LINKS.map(([kind]) => kind).filter(Boolean);
const LATE_MS = 10_000;

const WORDS = {
  fail: (fault) => `fails ${fault.code}`,
  delay: (fault) => `${fault.delay_ms / 1000} s late`,
  lose_receipts: () => "no receipts",
  late_receipts: () => "late receipts",
  duplicate_receipts: () => "double receipts",
  reorder_receipts: () => "receipts out of order",
  throttle: () => "throttled",
  refuse: (fault) => `refused ${fault.code}`,
  disconnect: () => "disconnected",
  take_repeats: () => "repeats come twice",
};

/** Faults in a few words each. */
export function troubleWords(faults) {
  return faults.map((fault) => WORDS[fault.kind](fault));
}

export function openHandsetSettings(number, store) {
  const handset = store.handsets.get(number);
  const notice = h("p", { class: "notice", role: "alert" });
  const name = h("input", { name: "name", value: handset.name, maxlength: "40", autocomplete: "off", placeholder: prettyNumber(number) });
  const rename = attempt(notice, () => renameHandset(number, name.value.trim()));
  openDialog(handset.name || prettyNumber(number), (close) => {
    const andClose = (action) => attempt(notice, async () => {
      await action();
      close();
    });
    return [
      h("p", { class: "quiet mono" }, number),
      field("Name", name),
      ...deliveryFields(number, store, notice),
      notice,
      h(
        "footer",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "action danger", onclick: andClose(() => removeHandset(number)) }, "Remove"),
        h("button", { type: "button", class: "action", onclick: andClose(() => clearTexts(number)) }, "Clear texts"),
        h("button", { type: "button", class: "action action-main", onclick: close }, "Done"),
      ),
    ];
  });
  name.addEventListener("change", rename);
}

export function openNetworkSettings(store) {
  const notice = h("p", { class: "notice", role: "alert" });
  openDialog("Network", (close) => {
    const andClose = (action) => attempt(notice, async () => {
      await action();
      close();
    });
    return [
      h("p", { class: "quiet" }, "What every handset meets, unless it has its own setting."),
      field("The network", picker(store, notice, null, LINKS, LINK_KINDS, (kind) => ({ kind }))),
      ...deliveryFields(null, store, notice),
      notice,
      h(
        "footer",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "action danger", onclick: andClose(reset) }, "Remove all phones"),
        h("button", { type: "button", class: "action", onclick: andClose(clearFaults) }, "All is well"),
        h("button", { type: "button", class: "action action-main", onclick: close }, "Done"),
      ),
    ];
  });
}

function deliveryFields(number, store, notice) {
  const delayed = (value) => ({ kind: "delay", delay_ms: Number(value) });
  const receipts = (kind) => (kind === "late_receipts" ? { kind, delay_ms: LATE_MS } : { kind });
  return [
    field("Texts", picker(store, notice, number, FAILURES, ["fail"], (code) => ({ kind: "fail", code: Number(code) }), (fault) => String(fault.code))),
    field("Delivery", picker(store, notice, number, DELAYS, ["delay"], delayed, (fault) => String(fault.delay_ms))),
    field("Receipts", picker(store, notice, number, RECEIPTS, RECEIPT_KINDS, receipts)),
  ];
}

/** A select whose choice replaces the faults of `kinds`. */
function picker(store, notice, number, pairs, kinds, faultOf, valueOf = (fault) => fault.kind) {
  const mine = () => store.faults.filter((fault) => fault.number === number && kinds.includes(fault.kind));
  const [current] = mine();
  const value = current ? valueOf(current) : "";
  const known = pairs.some(([one]) => one === value) ? pairs : [...pairs, [value, troubleWords([current])[0]]];
  const change = attempt(notice, async (chosen) => {
    for (const fault of mine()) await removeFault(fault.id);
    if (chosen) await addFault({ ...faultOf(chosen), number });
  });
  return choice(kinds[0], known, value, change);
}
