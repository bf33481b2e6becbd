// The caption above a handset or a mailbox: who it is, how it is called, what is unread, and what is wrong with it.

import { avatar } from "./avatar.js";
import { h, icon } from "./dom.js";
import { troubleWords } from "./trouble.js";

export class Caption {
  // `shown` is the number or address as people read it; `kind` begins what a screen reader is told of the whole.
  constructor(number, { store, shown, kind, onSettings }) {
    this.number = number;
    this.store = store;
    this.shown = shown;
    this.kind = kind;
    this.name = h("h2", { class: "caption-name" });
    this.badge = h("span", { class: "badge caption-badge" });
    this.trouble = h("p", { class: "trouble" });
    this.portrait = h("span", { class: "portrait" });
    const settings = { type: "button", class: "more", "aria-haspopup": "dialog", "aria-label": `Settings of ${shown}` };
    const line = h("div", { class: "caption-line" }, h("p", { class: "caption-number" }, shown), this.trouble);
    this.element = h(
      "header",
      { class: "caption" },
      this.portrait,
      h("div", { class: "caption-words" }, this.name, line),
      this.badge,
      h("button", { ...settings, onclick: () => onSettings(number) }, icon("more")),
    );
  }

  // Draw it as things are; `element` is the handset or mailbox that it belongs to.
  render(element, unread) {
    const handset = this.store.handsets.get(this.number);
    const label = handset.name || this.shown;
    if (this.name.textContent !== label) {
      this.name.textContent = label;
      this.portrait.replaceChildren(avatar(this.number, handset.name || this.number, "avatar-m"));
      element.setAttribute("aria-label", `${this.kind} ${label}`);
    }
    this.badge.textContent = unread ? String(unread) : "";
    this.badge.hidden = !unread;
    this.badge.setAttribute("aria-label", `${unread} unread`);
    const words = troubleWords(this.store.faultsOf(this.number));
    this.trouble.hidden = words.length === 0;
    this.trouble.title = words.join(", ");
    this.trouble.replaceChildren(...words.map((word) => h("span", {}, icon("bolt"), word)));
  }
}
