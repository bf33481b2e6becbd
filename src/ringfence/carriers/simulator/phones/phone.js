// One handset: its caption, its frame, and the screen that is open on it.

import { logCall, markRead, RefusedError, sendText } from "./api.js";
import { avatar } from "./avatar.js";
import { callToLog } from "./call_row.js";
import { CallScreen } from "./call_screen.js";
import { Caption } from "./caption.js";
import { Compose, Conversations } from "./conversations.js";
import { Dialer } from "./dialer.js";
import { h } from "./dom.js";
import { clockTime, prettyNumber } from "./format.js";
import { HandsetLine } from "./handset_line.js";
import { SilentNotice } from "./silent_notice.js";
import { isUnread, peerOf } from "./store.js";
import { Thread, unreadElsewhere } from "./thread.js";

const BANNER_MS = 5_000;
const ENDED_MS = 1_600;

export class Phone {
  #open = null;
  #chosen = false;
  #threads = new Map();
  #bannerTimer = 0;
  #callScreen = null;
  #removed = false;

  constructor(number, { store, calling, onInspect, onSettings, onProblem, onHelp, onRing }) {
    this.number = number;
    this.store = store;
    this.onInspect = onInspect;
    this.onProblem = onProblem;
    this.inbox = new Conversations({ onOpen: (peer) => this.openThread(peer, true), onCompose: () => this.#openCompose(), onDial: () => this.#openDialer(), onHelp: () => onHelp(number) });
    this.caption = new Caption(number, { store, shown: prettyNumber(number), kind: "Handset", onSettings });
    this.time = h("time", { class: "status-time" });
    const bars = h("span", { class: "bars", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
    const battery = h("span", { class: "battery", "aria-hidden": "true" }, h("i"));
    this.statusBar = h("div", { class: "status-bar", "aria-hidden": "true" }, this.time, h("span", { class: "island" }), h("span", { class: "status-icons" }, bars, battery));
    this.banner = h("div", { class: "banner-place" });
    this.silent = new SilentNotice(number, { store, onProblem });
    this.glass = h("div", { class: "glass" });
    this.screen = h("div", { class: "screen" }, this.statusBar, this.banner, this.silent.element, this.glass, h("span", { class: "home-bar", "aria-hidden": "true" }));
    this.device = h("div", { class: "device" }, this.screen);
    this.element = h("section", { class: "phone", "data-number": number }, this.caption.element, this.device);
    this.element.addEventListener("pointerdown", () => this.#see());
    this.element.addEventListener("focusin", () => this.#see());
    this.device.addEventListener("animationend", () => this.device.classList.remove("buzz"));
    this.line = new HandsetLine(number, calling);
    this.line.addEventListener("change", () => this.#showCall());
    this.line.addEventListener("ringing", ({ detail: call }) => onRing(number, call));
    this.line.addEventListener("over", ({ detail: call }) => this.#log(call));
  }

  get unread() {
    return this.store.unread(this.number);
  }

  render() {
    const unread = this.unread;
    this.caption.render(this.element, unread);
    const conversations = this.store.conversations(this.number);
    this.#forgetCleared(conversations);
    const idle = !this.#open || this.#open === this.inbox;
    if (!this.#chosen && idle && conversations.length === 1) this.#show(this.#thread(conversations[0].peer));
    if (!this.#open) this.#show(this.inbox);
    this.#draw(conversations);
    this.silent.render();
    this.tick();
  }

  /** The phone is taken away: its line goes with it. */
  remove() {
    this.#removed = true;
    this.line.close();
  }

  tick() {
    this.time.textContent = clockTime(this.store.now());
    this.silent.render();
  }

  openThread(peer, chosen = false) {
    this.#chosen ||= chosen;
    const moveFocus = this.glass.contains(document.activeElement);
    this.#show(this.#thread(peer));
    this.#draw(this.store.conversations(this.number));
    this.#open.toEnd();
    if (chosen) this.#see();
    if (moveFocus) this.#open.list.focus({ preventScroll: true });
  }

  /** A text has come in: shake, and say so on the screen when another screen is open. */
  buzz(text) {
    this.device.classList.remove("buzz");
    void this.device.offsetWidth; // begins the animation anew
    this.device.classList.add("buzz");
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(60);
    const peer = peerOf(text);
    const visible = this.#open instanceof Thread && this.#open.peer === peer;
    if (visible && this.element.contains(document.activeElement) && document.visibilityState === "visible") this.#see();
    if (!visible) this.#showBanner(text, peer);
  }

  #thread(peer) {
    const handlers = {
      store: this.store,
      onBack: () => this.#openInbox(),
      onSend: (to, body) => this.#send(to, body),
      onInspect: this.onInspect,
      onCall: (to) => this.#dial(to),
    };
    const thread = this.#threads.get(peer) ?? new Thread(peer, handlers);
    this.#threads.set(peer, thread);
    return thread;
  }

  /** Close what was cleared; a conversation just begun here may not have reached the feed yet. */
  #forgetCleared(conversations) {
    for (const [peer, thread] of this.#threads) {
      if (conversations.some((one) => one.peer === peer)) thread.begun = true;
      else if (thread.begun) {
        this.#threads.delete(peer);
        if (this.#open === thread) this.#open = null;
      }
    }
  }

  #show(view) {
    if (this.#open === view && view.element.isConnected) return;
    this.#open = view;
    this.glass.replaceChildren(view.element);
  }

  #draw(conversations) {
    if (!(this.#open instanceof Thread)) return this.#open.render(conversations);
    const peer = this.#open.peer;
    const { texts, calls } = conversations.find((one) => one.peer === peer) ?? { texts: [], calls: [] };
    return this.#open.render(texts, unreadElsewhere(conversations, peer), calls);
  }

  #openInbox() {
    this.#chosen = true;
    this.#show(this.inbox);
    this.#draw(this.store.conversations(this.number));
    this.inbox.element.querySelector("button.conversation, button")?.focus({ preventScroll: true });
  }

  #openCompose() {
    const onStart = async (to, body) => {
      if (await this.#send(to, body)) this.openThread(to, true);
    };
    const compose = new Compose({ peers: this.store.peers(), onBack: () => this.#openInbox(), onStart });
    this.#chosen = true;
    this.#show(compose);
    compose.to.focus({ preventScroll: true });
  }

  #openDialer() {
    const dialer = new Dialer({ peers: this.store.peers(), line: this.line, onBack: () => this.#openInbox(), onCall: (to) => this.#dial(to) });
    this.#chosen = true;
    this.#show(dialer);
    dialer.to.focus({ preventScroll: true });
  }

  #dial(to) {
    if (!this.line.isReady) {
      this.onProblem(this.line.reason);
      return;
    }
    this.line.dial(to);
    this.#callScreen?.endButton.focus({ preventScroll: true });
  }

  /** What is on the line lies over all else, and for a moment longer when it is over. */
  #showCall() {
    const { call } = this.line;
    if (call && this.#callScreen?.call !== call && !call.isOver) {
      const hadFocus = this.glass.contains(document.activeElement);
      this.#callScreen?.close();
      this.#callScreen = new CallScreen(call);
      this.screen.append(this.#callScreen.element);
      this.glass.inert = true;
      if (hadFocus) this.#callScreen.element.focus({ preventScroll: true });
    }
    this.#callScreen?.render();
    if (this.#open instanceof Dialer) this.#open.render();
    this.device.classList.toggle("ringing", call?.state === "incoming");
    if (call?.isOver && this.#callScreen?.call === call) this.#endCall(this.#callScreen);
  }

  #endCall(screen) {
    setTimeout(() => {
      if (this.#callScreen !== screen) return;
      const hadFocus = screen.element.contains(document.activeElement);
      screen.close();
      this.#callScreen = null;
      this.glass.inert = false;
      if (this.#open instanceof Dialer) this.openThread(screen.call.peer, true);
      if (hadFocus) this.glass.querySelector("textarea, input, [tabindex], button")?.focus({ preventScroll: true });
    }, ENDED_MS);
  }

  async #send(to, body) {
    try {
      await sendText(this.number, to, body);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.onProblem(error.message);
      return false;
    }
  }

  /** The simulator keeps the log, and tells every page of it. */
  async #log(call) {
    // A handset that is taken away has no log any more.
    if (this.#removed) return;
    try {
      await logCall(this.number, callToLog(call));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.onProblem(`The call is not in the log: ${error.message}`);
    }
  }

  /** Whoever touches the phone has seen what is open on it. */
  #see() {
    if (!(this.#open instanceof Thread)) return;
    const peer = this.#open.peer;
    const unread = this.store.texts(this.number).some((text) => isUnread(text) && peerOf(text) === peer);
    // Should this fail, the badge stays and the next touch tries again.
    if (unread) markRead(this.number, peer).catch((error) => this.onProblem(error.message));
  }

  #showBanner(text, peer) {
    const open = () => {
      this.banner.replaceChildren();
      this.openThread(peer, true);
    };
    const words = h("span", { class: "banner-words" }, h("b", {}, prettyNumber(peer)), h("span", { class: "preview" }, text.body || "Attachment"));
    this.banner.replaceChildren(h("button", { type: "button", class: "banner", onclick: open }, avatar(peer, peer, "avatar-m"), words));
    clearTimeout(this.#bannerTimer);
    this.#bannerTimer = setTimeout(() => this.banner.replaceChildren(), BANNER_MS);
  }
}
