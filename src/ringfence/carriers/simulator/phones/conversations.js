// The list of conversations on a handset, and the beginning of a new one.

import { avatar } from "./avatar.js";
import { callWords } from "./call_row.js";
import { h, icon, place } from "./dom.js";
import { clockTime, prettyNumber } from "./format.js";
import { isComing } from "./store.js";

export class Conversations {
  #rows = new Map();

  constructor({ onOpen, onCompose, onDial, onHelp }) {
    this.onOpen = onOpen;
    this.list = h("ul", { class: "conversations" });
    this.nothing = h(
      "div",
      { class: "nothing" },
      h("span", { class: "nothing-art", "aria-hidden": "true" }, h("i"), h("i")),
      h("p", {}, "No texts yet"),
      h("p", { class: "quiet" }, "What your program sends to this number appears here."),
      h("button", { type: "button", class: "action", onclick: onHelp }, "How to send one"),
    );
    const compose = h("button", { type: "button", class: "compose", "aria-label": "New message", onclick: onCompose }, icon("pen"));
    const dial = h("button", { type: "button", class: "compose", "aria-label": "New call", onclick: onDial }, icon("phone"));
    this.element = h(
      "div",
      { class: "view inbox" },
      h("header", { class: "inbox-bar" }, h("h3", {}, "Messages"), dial, compose),
      this.list,
      this.nothing,
    );
  }

  render(conversations) {
    this.nothing.hidden = conversations.length > 0;
    place(
      this.list,
      conversations.map((conversation) => this.#row(conversation)),
    );
  }

  #row({ peer, last, unread }) {
    const row = this.#rows.get(peer) ?? h("li");
    this.#rows.set(peer, row);
    const preview = previewOf(last);
    const state = JSON.stringify([last.id, preview, unread]);
    if (row.dataset.state === state) return row;
    row.dataset.state = state;
    const badge = unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)) : null;
    row.replaceChildren(
      h(
        "button",
        { type: "button", class: "conversation", onclick: () => this.onOpen(peer) },
        avatar(peer, peer, "avatar-l"),
        h(
          "span",
          { class: "conversation-text" },
          h("span", { class: "conversation-top" }, h("b", {}, prettyNumber(peer)), h("time", { datetime: last.at }, clockTime(last.at))),
          h("span", { class: "conversation-last" }, h("span", { class: "preview" }, preview), badge),
        ),
      ),
    );
    return row;
  }
}

function previewOf(last) {
  if (last.outcome) return callWords(last);
  if (isComing(last)) return "…";
  return last.status === "undelivered" ? `Not delivered · ${last.error_code}` : last.body || "Attachment";
}

/** The screen on which a handset begins a conversation. */
export class Compose {
  constructor({ peers, onBack, onStart }) {
    const listId = `peers-${Math.random().toString(36).slice(2)}`;
    this.to = h("input", {
      name: "to",
      required: true,
      list: listId,
      inputmode: "tel",
      autocomplete: "off",
      placeholder: "+12025550123",
      pattern: "\\+[1-9][0-9]{6,14}|[0-9]{3,8}",
      title: "A number such as +12025550123, or a short code",
    });
    const body = h("textarea", { rows: "3", maxlength: "1600", required: true, placeholder: "Text message", "aria-label": "Text" });
    const submit = (event) => {
      event.preventDefault();
      onStart(this.to.value.trim(), body.value);
    };
    this.element = h(
      "div",
      { class: "view compose-view" },
      h(
        "header",
        { class: "inbox-bar" },
        h("button", { type: "button", class: "back", "aria-label": "All conversations", onclick: onBack }, icon("back")),
        h("h3", {}, "New message"),
      ),
      h(
        "form",
        { class: "compose-form", onsubmit: submit },
        h("label", {}, h("span", {}, "To"), this.to),
        h("datalist", { id: listId }, ...peers.map((peer) => h("option", { value: peer }))),
        body,
        h("button", { type: "submit", class: "action action-main" }, "Send"),
      ),
    );
  }

  render() {}
}
