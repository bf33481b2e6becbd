// A call on a handset's screen: who it is, how it goes, and what can be done about it.

import { avatar } from "./avatar.js";
import { h, icon } from "./dom.js";
import { duration, hue, prettyNumber } from "./format.js";
import { keypad, typedKey } from "./keypad.js";
import { LevelMeter } from "./level_meter.js";

const FRAME_MS = 50;
const STATES = { calling: "Calling…", ringing: "Ringing…", incoming: "Incoming call", connecting: "Connecting…" };

export class CallScreen {
  #shown = "";
  #frame = 0;
  #frameAt = 0;
  #focused = false;

  constructor(call) {
    this.call = call;
    const name = prettyNumber(call.peer);
    this.state = h("p", { class: "call-state", role: "status" });
    this.clock = h("p", { class: "call-clock", role: "timer", "aria-label": "Length of the call" });
    this.notice = h("p", { class: "call-notice" });
    this.theirs = new LevelMeter("Their voice", "theirs");
    this.mine = new LevelMeter("Your voice", "mine");
    this.meters = h("div", { class: "levels" }, this.theirs.element, this.mine.element);
    this.digits = h("p", { class: "call-digits", role: "status", "aria-label": "Keys sent" });
    this.keys = h("div", { class: "call-keys" }, this.digits, keypad((key) => call.press(key), "Keys to send"));
    this.muteButton = this.#control("Mute", "mic", () => call.mute(!call.muted));
    this.keysButton = this.#control("Keypad", "keypad", () => this.#toggleKeys());
    this.holdButton = this.#control("Hold", "pause", () => call.hold(!call.held));
    this.controls = h("div", { class: "call-controls", role: "group", "aria-label": "During the call" }, this.muteButton, this.keysButton, this.holdButton);
    this.answerButton = h("button", { type: "button", class: "round answer", "aria-label": "Answer", onclick: () => call.answer() }, icon("phone"));
    this.endButton = h("button", { type: "button", class: "round hang-up", onclick: () => call.hangUp() }, icon("phone"));
    const who = h("header", { class: "call-who" }, avatar(call.peer, call.peer, "avatar-xl"), h("h3", {}, name), this.state, this.clock, this.notice);
    this.element = h(
      "section",
      { class: "call-screen", tabindex: "-1", "aria-label": `Call with ${name}` },
      who,
      this.meters,
      this.keys,
      this.controls,
      h("footer", { class: "call-main" }, this.endButton, this.answerButton),
    );
    this.element.style.setProperty("--hue", hue(call.peer));
    this.element.addEventListener("keydown", (event) => {
      const key = typedKey(event);
      if (key !== null && call.state === "talking") call.press(key);
    });
    this.element.addEventListener("focusin", () => (this.#focused = true));
    this.element.addEventListener("focusout", ({ relatedTarget }) => (this.#focused = relatedTarget === null));
    this.keys.hidden = true;
    this.render();
    this.#draw(0);
  }

  render() {
    const { call } = this;
    const talking = call.state === "talking";
    const incoming = call.state === "incoming";
    this.element.dataset.state = call.state;
    this.element.classList.toggle("is-held", call.held || call.theyHold);
    set(this.state, this.#words());
    this.clock.hidden = call.answeredAt === null;
    set(this.notice, call.problem || (call.media.silent ? "No microphone: they hear silence." : ""));
    this.answerButton.hidden = !incoming;
    this.controls.hidden = !talking;
    this.meters.hidden = !talking || !this.keys.hidden;
    if (!talking) this.keys.hidden = true;
    this.element.classList.toggle("has-keys", !this.keys.hidden);
    this.endButton.disabled = call.isOver;
    const end = incoming ? "Decline" : "Hang up";
    if (this.endButton.getAttribute("aria-label") !== end) this.endButton.setAttribute("aria-label", end);
    set(this.digits, call.keys.slice(-18));
    this.#press(this.muteButton, call.muted, call.muted ? "muted" : "mic");
    this.#press(this.holdButton, call.held, call.held ? "resume" : "pause");
    this.#press(this.keysButton, !this.keys.hidden, "keypad");
    this.#keepFocus();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.element.remove();
  }

  #words() {
    const { call } = this;
    if (call.isOver) return call.outcome === "answered" ? "Call ended" : `Call ended: ${call.outcome}`;
    if (call.state !== "talking") return STATES[call.state];
    if (call.held) return "On hold";
    return call.theyHold ? "They put you on hold" : "Connected";
  }

  #control(label, name, onclick) {
    return h("button", { type: "button", class: "control", "aria-pressed": "false", onclick }, h("span", { class: "control-icon" }, icon(name)), h("span", {}, label));
  }

  #press(button, pressed, name) {
    const state = `${pressed} ${name}`;
    if (button.dataset.shown === state) return;
    button.dataset.shown = state;
    button.setAttribute("aria-pressed", String(pressed));
    button.querySelector(".control-icon").replaceChildren(icon(name));
  }

  #toggleKeys() {
    this.keys.hidden = !this.keys.hidden;
    this.render();
  }

  /** A keyboard's focus stays on the screen when its button goes away. */
  #keepFocus() {
    const { state } = this.call;
    if (this.#shown === state) return;
    this.#shown = state;
    const lost = document.activeElement === document.body || document.activeElement?.closest("[hidden]");
    if (this.#focused && lost) this.endButton.focus({ preventScroll: true });
  }

  #draw(nowMs) {
    this.#frame = requestAnimationFrame((at) => this.#draw(at));
    if (nowMs - this.#frameAt < FRAME_MS || this.call.state !== "talking") return;
    this.#frameAt = nowMs;
    set(this.clock, duration(Date.now() - this.call.answeredAt));
    const levels = this.call.media.levels();
    this.theirs.show(levels.theirs, nowMs);
    this.mine.show(levels.mine, nowMs);
  }
}

function set(element, words) {
  if (element.textContent !== words) element.textContent = words;
  element.classList.toggle("is-empty", words === "");
}
