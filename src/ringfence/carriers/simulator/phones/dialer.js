// The screen on which a handset calls somebody.

import { h, icon } from "./dom.js";
import { keypad } from "./keypad.js";

const LONG_PRESS_MS = 500;

export class Dialer {
  constructor({ peers, line, onBack, onCall }) {
    this.line = line;
    this.onCall = onCall;
    const listId = `callees-${Math.random().toString(36).slice(2)}`;
    this.to = h("input", {
      name: "to",
      class: "dialed",
      inputmode: "tel",
      autocomplete: "off",
      list: listId,
      placeholder: "Number",
      "aria-label": "Number to call",
      oninput: () => this.render(),
    });
    this.erase = h("button", { type: "button", class: "erase", "aria-label": "Delete the last digit", onclick: () => this.#write(this.to.value.slice(0, -1)) }, icon("erase"));
    this.button = h("button", { type: "submit", class: "call-button", "aria-label": "Call" }, icon("phone"));
    this.notice = h("p", { class: "line-notice", role: "status" });
    const keys = keypad((key) => this.#write(this.to.value + key), "Digits");
    this.#longZero(keys.querySelector('[data-key="0"]'));
    this.element = h(
      "div",
      { class: "view dialer" },
      h(
        "header",
        { class: "inbox-bar" },
        h("button", { type: "button", class: "back", "aria-label": "All conversations", onclick: onBack }, icon("back")),
        h("h3", {}, "Call"),
      ),
      h(
        "form",
        { class: "dialer-form", onsubmit: (event) => this.#submit(event) },
        h("div", { class: "dialed-line" }, this.to, this.erase),
        h("datalist", { id: listId }, ...peers.map((peer) => h("option", { value: peer }))),
        keys,
        this.notice,
        this.button,
      ),
    );
    this.render();
  }

  render() {
    this.erase.hidden = this.to.value === "";
    this.button.disabled = !this.line.isReady || callee(this.to.value) === null;
    if (this.notice.textContent !== this.line.reason) this.notice.textContent = this.line.reason;
  }

  #submit(event) {
    event.preventDefault();
    const to = callee(this.to.value);
    if (to !== null && this.line.isReady) this.onCall(to);
  }

  #write(text) {
    this.to.value = text;
    this.render();
  }

  /** Zero held down is a plus, as on every phone. */
  #longZero(zero) {
    let timer = 0;
    let held = false;
    zero.addEventListener("pointerdown", () => {
      held = false;
      timer = setTimeout(() => {
        held = true;
        this.#write(`${this.to.value}+`);
      }, LONG_PRESS_MS);
    });
    for (const kind of ["pointerup", "pointercancel", "pointerleave"]) zero.addEventListener(kind, () => clearTimeout(timer));
    zero.addEventListener(
      "click",
      (event) => {
        if (!held) return;
        held = false;
        event.stopImmediatePropagation();
      },
      true,
    );
  }
}

/** What was typed as a number in E.164 form (ten digits are American), a short code, or null. */
export function callee(typed) {
  const number = typed.replace(/[\s().-]/g, "");
  if (/^\+[1-9]\d{6,14}$/.test(number) || /^\d{3,8}$/.test(number)) return number;
  if (/^[2-9]\d{9}$/.test(number)) return `+1${number}`;
  return /^1[2-9]\d{9}$/.test(number) ? `+${number}` : null;
}
