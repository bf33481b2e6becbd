// The phones side by side, and on a narrow screen one at a time with tabs to choose.

import { avatar } from "./avatar.js";
import { h, place } from "./dom.js";
import { welcome } from "./first_text.js";
import { prettyNumber } from "./format.js";
import { Mailbox } from "./mailbox.js";
import { Phone } from "./phone.js";

export const DEMO_HANDSET = "+12025550177";

export class Shelf {
  #phones = new Map();
  #tabs = new Map();
  #welcome = null;

  constructor(element, tabs, { store, ...handlers }) {
    this.element = element;
    this.tabsElement = tabs;
    this.store = store;
    this.handlers = handlers;
    const marks = (entries) => {
      for (const entry of entries) {
        const tab = this.#tabs.get(entry.target.dataset.number);
        if (tab) tab.setAttribute("aria-current", String(entry.isIntersecting));
      }
    };
    this.observer = new IntersectionObserver(marks, { root: element, threshold: 0.6 });
  }

  render() {
    const numbers = [...this.store.handsets.keys()];
    for (const [number, phone] of this.#phones) {
      if (this.store.handsets.has(number)) continue;
      this.observer.unobserve(phone.element);
      phone.remove();
      this.#phones.delete(number);
      this.#tabs.delete(number);
    }
    const phones = numbers.map((number) => this.#phone(number));
    const quiet = numbers.every((number) => this.store.texts(number).length + this.store.calls(number).length === 0);
    if (!quiet) this.#welcome = null;
    else if (this.#welcome?.dataset.for !== String(this.store.firstHandset())) this.#makeWelcome(this.store.firstHandset());
    place(this.element, [...phones.map((phone) => phone.element), ...(this.#welcome ? [this.#welcome] : [])]);
    for (const phone of phones) phone.render();
    place(this.tabsElement, numbers.map((number) => this.#tab(number)));
    this.tabsElement.hidden = numbers.length < 2;
    const unread = phones.reduce((sum, phone) => sum + phone.unread, 0);
    document.title = `${unread ? `(${unread}) ` : ""}Phones · ringfence`;
  }

  tick() {
    for (const phone of this.#phones.values()) phone.tick();
  }

  phone(number) {
    return this.#phones.get(number);
  }

  #phone(number) {
    const kind = this.store.handsets.get(number).kind === "mailbox" ? Mailbox : Phone;
    const phone = this.#phones.get(number) ?? new kind(number, { store: this.store, ...this.handlers });
    if (!this.#phones.has(number)) {
      this.#phones.set(number, phone);
      this.observer.observe(phone.element);
    }
    return phone;
  }

  #makeWelcome(number) {
    this.#welcome = welcome(number ?? DEMO_HANDSET);
    this.#welcome.dataset.for = String(number);
  }

  #tab(number) {
    const handset = this.store.handsets.get(number);
    const label = handset.name || prettyNumber(number);
    const unread = this.store.unread(number);
    const show = () => this.#phones.get(number).element.scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" });
    const tab = this.#tabs.get(number) ?? h("button", { type: "button", class: "tab", onclick: show });
    this.#tabs.set(number, tab);
    const state = JSON.stringify([label, unread]);
    if (tab.dataset.state !== state) {
      tab.dataset.state = state;
      const badge = unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)) : null;
      tab.replaceChildren(avatar(number, handset.name || number, "avatar-s"), h("span", { class: "tab-name" }, label), ...(badge ? [badge] : []));
    }
    return tab;
  }
}
