// What a program asks of the telephone itself: to open an address over its mobile network, by which it proves that it is here.

import { openAddress } from "./api.js";
import { h, icon } from "./dom.js";

export class SilentNotice {
  #shown = "";
  #told = false;

  constructor(number, { store, onProblem }) {
    this.number = number;
    this.store = store;
    this.onProblem = onProblem;
    this.element = h("div", { class: "silent", role: "status", hidden: true });
  }

  render() {
    const waiting = this.#waiting();
    if (waiting === this.#shown) return;
    this.#shown = waiting;
    if (waiting) this.#ask(waiting);
    else if (!this.#told) this.element.hidden = true;
  }

  /** The newest address that may still be opened, "" for none. */
  #waiting() {
    const asked = this.store.handsets.get(this.number)?.silent ?? [];
    return asked.filter(({ until }) => Date.parse(until) > this.store.now()).at(-1)?.path ?? "";
  }

  #ask(path) {
    this.#told = false;
    this.element.hidden = false;
    const prove = h("button", { type: "button", class: "action action-main", onclick: () => this.#open(path, prove) }, "Prove it");
    this.element.replaceChildren(h("span", {}, "A program asks whether this telephone is here."), prove);
  }

  async #open(path, button) {
    button.disabled = true;
    try {
      this.#tell(new URLSearchParams(await openAddress(this.number, location.origin + path)));
    } catch (problem) {
      this.onProblem(problem.message);
      button.disabled = false;
    }
  }

  /** The app that asked would read the token; here a person copies it. */
  #tell(said) {
    const token = said.get("ClientToken");
    const close = h("button", { type: "button", class: "back", "aria-label": "Done", onclick: () => (this.element.hidden = true) }, icon("check"));
    this.#told = true;
    this.element.hidden = false;
    this.element.replaceChildren(h("span", {}, "The network vouched for this telephone.", token && " ClientToken ", token && h("code", {}, token)), close);
  }
}
