// A conversation: its texts, the replies it suggests, and a box to write in.

import { avatar } from "./avatar.js";
import { Bubble } from "./bubble.js";
import { callRow } from "./call_row.js";
import { h, icon, place } from "./dom.js";
import { dayAndTime, prettyNumber } from "./format.js";
import { inOrder, isComing, isUnread } from "./store.js";

const PAUSE_MS = 45 * 60_000;
const NEAR_END_PX = 80;
// A short code or a number can be answered, a name as sender cannot.
const CAN_ANSWER = /^(\+[1-9]\d{6,14}|\d{3,8})$/;

export class Thread {
  #bubbles = new Map();
  #times = new Map();
  #calls = new Map();
  #drawn = false;

  constructor(peer, { store, onBack, onSend, onInspect, onCall }) {
    this.peer = peer;
    this.store = store;
    this.onSend = onSend;
    this.onInspect = onInspect;
    const name = prettyNumber(peer);
    this.elsewhere = h("span", { class: "elsewhere" });
    this.list = h("ol", { class: "messages", tabindex: "0", "aria-label": `Conversation with ${name}` });
    this.replies = h("div", { class: "replies", role: "group", "aria-label": "Suggested replies" });
    this.composer = CAN_ANSWER.test(peer) ? this.#makeComposer(name) : h("p", { class: "no-answer" }, "This sender cannot be answered.");
    this.back = h(
      "button",
      { type: "button", class: "back", "aria-label": "All conversations", onclick: onBack },
      icon("back"),
      this.elsewhere,
    );
    const bar = h(
      "header",
      { class: "thread-bar" },
      this.back,
      h("div", { class: "thread-peer" }, avatar(peer, peer, "avatar-m"), h("h3", {}, name)),
      CAN_ANSWER.test(peer)
        ? h("button", { type: "button", class: "thread-call", "aria-label": `Call ${name}`, onclick: () => onCall(peer) }, icon("phone"))
        : null,
    );
    this.element = h("div", { class: "view thread" }, bar, this.list, this.replies, this.composer);
  }

  render(texts, unreadElsewhere, calls = []) {
    const nearEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
    const rows = [];
    let before = null;
    const items = inOrder([...texts, ...calls]);
    items.forEach((text, index) => {
      if (!before || Date.parse(text.at) - Date.parse(before.at) > PAUSE_MS) rows.push(this.#time(text));
      before = text;
      if (text.outcome) {
        rows.push(this.#call(text));
        return;
      }
      const after = items[index + 1];
      const last = !after || after.outcome || after.direction !== text.direction || isComing(after) !== isComing(text);
      const bubble = this.#bubbles.get(text.id) ?? new Bubble(this.onInspect);
      this.#bubbles.set(text.id, bubble);
      bubble.show(text, { last, fresh: this.#drawn });
      rows.push(bubble.element);
    });
    const grew = rows.length > this.list.children.length;
    place(this.list, rows);
    this.#forget(items);
    this.#suggest(texts);
    this.elsewhere.textContent = unreadElsewhere ? String(unreadElsewhere) : "";
    this.back.setAttribute("aria-label", unreadElsewhere ? `All conversations, ${unreadElsewhere} unread elsewhere` : "All conversations");
    if (!this.#drawn || nearEnd || (grew && texts.at(-1)?.direction === "inbound")) this.toEnd();
    this.#drawn = true;
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  #forget(items) {
    const kept = new Set(items.map((item) => item.id));
    for (const known of [this.#bubbles, this.#calls, this.#times]) {
      for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
    }
  }

  #call(call) {
    const row = this.#calls.get(call.id) ?? callRow(call);
    this.#calls.set(call.id, row);
    return row;
  }

  #time(text) {
    const row = this.#times.get(text.id) ?? h("li", { class: "day" });
    row.textContent = dayAndTime(text.at, this.store.now());
    this.#times.set(text.id, row);
    return row;
  }

  /** Buttons for the latest text, as long as it is the latest: an answer takes them away. */
  #suggest(texts) {
    const latest = texts.filter((text) => !isComing(text)).at(-1);
    const wanted = latest?.suggestions ?? [];
    const key = JSON.stringify([latest?.id, wanted]);
    if (this.replies.dataset.for === key) return;
    this.replies.dataset.for = key;
    this.replies.replaceChildren(
      ...wanted.map(({ send, label }) =>
        h(
          "button",
          { type: "button", class: "reply", "aria-label": `${label}: reply ${send}`, onclick: (event) => this.#answer(send, event) },
          h("span", {}, label),
          label.toLowerCase() === send.toLowerCase() ? null : h("kbd", {}, send),
        ),
      ),
    );
  }

  #makeComposer(name) {
    this.input = h("textarea", {
      rows: "1",
      maxlength: "1600",
      placeholder: "Text message",
      "aria-label": `Reply to ${name}`,
      enterkeyhint: "send",
      oninput: () => this.#grow(),
      onkeydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          this.#send(this.input.value, true);
        }
      },
    });
    const button = h("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"));
    const submit = (event) => {
      event.preventDefault();
      this.#send(this.input.value, true);
    };
    return h("form", { class: "composer", onsubmit: submit }, this.input, button);
  }

  #grow() {
    this.input.style.setProperty("height", "auto");
    this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 96)}px`);
  }

  async #send(body, written = false) {
    if (!body.trim()) return;
    // The words stay in the box until the network has taken them.
    if (!(await this.onSend(this.peer, body))) return;
    if (written && this.input.value === body) {
      this.input.value = "";
      this.#grow();
    }
    this.toEnd();
  }

  /** A tap on a suggestion. It goes away then, so a keyboard's focus moves on to the box (a finger wants no keyboard). */
  #answer(body, event) {
    if (event.detail === 0) this.input?.focus();
    return this.#send(body);
  }
}

/** Unread texts of conversations other than this one. */
export function unreadElsewhere(conversations, peer) {
  return conversations.filter((one) => one.peer !== peer).reduce((sum, one) => sum + one.texts.filter(isUnread).length, 0);
}
