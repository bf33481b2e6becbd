// A mailbox beside the phones: the mails that came to it, the latest on top. Nothing is written on it.

import { markRead } from "./api.js";
import { Caption } from "./caption.js";
import { h, icon, place } from "./dom.js";
import { clockTime, dayAndTime } from "./format.js";
import { isComing, isUnread } from "./store.js";

export class Mailbox {
  #rows = new Map();

  constructor(address, { store, onInspect, onSettings, onProblem }) {
    this.number = address;
    this.store = store;
    this.onInspect = onInspect;
    this.onProblem = onProblem;
    this.caption = new Caption(address, { store, shown: address, kind: "Mailbox", onSettings });
    this.list = h("ul", { class: "mails", tabindex: "0", "aria-label": `Mails to ${address}` });
    this.nothing = h("p", { class: "quiet mails-none" }, "No mail yet");
    const glass = h("div", { class: "view mailbox-view" }, h("header", { class: "inbox-bar" }, h("h3", {}, "Mail")), this.list, this.nothing);
    this.device = h("div", { class: "mailbox-frame" }, glass);
    this.element = h("section", { class: "phone mailbox", "data-number": address }, this.caption.element, this.device);
    this.element.addEventListener("pointerdown", () => this.#see());
    this.element.addEventListener("focusin", () => this.#see());
    this.device.addEventListener("animationend", () => this.device.classList.remove("buzz"));
  }

  get unread() {
    return this.store.unread(this.number);
  }

  render() {
    const unread = this.unread;
    this.caption.render(this.element, unread);
    const mails = this.store.texts(this.number).reverse();
    const kept = new Set(mails.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!kept.has(id)) this.#rows.delete(id);
    this.nothing.hidden = mails.length > 0;
    place(this.list, mails.map((mail) => this.#row(mail)));
  }

  buzz() {
    this.device.classList.remove("buzz");
    void this.device.offsetWidth; // begins the animation anew
    this.device.classList.add("buzz");
  }

  tick() {}

  remove() {}

  #row(mail) {
    const row = this.#rows.get(mail.id) ?? h("li", { class: "mail" });
    this.#rows.set(mail.id, row);
    row.classList.toggle("unread", isUnread(mail));
    const state = JSON.stringify([mail.status, mail.at, mail.error_code]);
    if (row.dataset.state === state) return row;
    row.dataset.state = state;
    row.replaceChildren(
      h("p", { class: "mail-top" }, h("b", {}, nameOf(mail.from)), h("time", { datetime: mail.at, title: dayAndTime(mail.at, this.store.now()) }, clockTime(mail.at))),
      h("p", { class: "quiet" }, mail.from),
      isComing(mail) ? h("p", { class: "quiet" }, "On its way…") : h("div", {}, h("h4", { dir: "auto" }, mail.subject), h("p", { class: "body", dir: "auto" }, mail.body)),
      mail.status === "undelivered" ? h("p", { class: "failure" }, icon("alert"), `Not delivered · ${mail.error_code} ${mail.error_message ?? ""}`.trim()) : null,
      h("button", { type: "button", class: "meta", "aria-haspopup": "dialog", onclick: () => this.onInspect(mail) }, "Inspect"),
    );
    return row;
  }

  #see() {
    if (this.unread) markRead(this.number).catch((error) => this.onProblem(error.message));
  }
}

function nameOf(sender) {
  return sender.replace(/\s*<[^>]*>$/, "").replace(/^"(.*)"$/, "$1");
}
