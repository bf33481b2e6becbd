// One text in a conversation.

import { h, icon } from "./dom.js";
import { clockTime, plural } from "./format.js";
import { isComing, isUnread } from "./store.js";

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g;
const STATES = {
  inbound: {
    sending: ["clock", "Sending"],
    delivered: ["checks", "Delivered"],
  },
  outbound: { sending: ["clock", "On its way"], delivered: [null, "Received"], undelivered: ["alert", "Not delivered"] },
};

export class Bubble {
  #shown = "";

  constructor(onInspect) {
    this.onInspect = onInspect;
    this.element = h("li", { class: "message" });
  }

  /** Draw `text`; `last` is true for the last of a run by the same side, which has the tail. */
  show(text, { last, fresh }) {
    this.element.classList.toggle("tail", last);
    // Reading a text changes its look alone: the press that reads it must find its button still there on release.
    this.element.classList.toggle("unread", isUnread(text));
    const state = JSON.stringify([text.status, text.at, text.error_code]);
    if (state === this.#shown) return;
    const arrived = this.#shown !== "" || fresh;
    this.#shown = state;
    const mine = text.direction === "inbound";
    this.element.className = `message ${mine ? "mine" : "theirs"} is-${text.status}`;
    this.element.classList.toggle("tail", last);
    this.element.classList.toggle("unread", isUnread(text));
    this.element.classList.toggle("arrived", arrived && !isComing(text));
    this.element.dataset.id = text.id;
    this.element.replaceChildren(...(isComing(text) ? this.#coming(text) : this.#written(text)));
  }

  #coming(text) {
    const dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    return [h("div", { class: "bubble" }, dots, this.#meta(text))];
  }

  #written(text) {
    const open = (event) => {
      if (event.target.closest("a, button") || String(getSelection())) return;
      this.onInspect(text);
    };
    const media = text.media_urls.map((url) => mediaLink(url));
    const body = text.body ? h("p", { class: "body", dir: "auto" }, ...withLinks(text.body)) : null;
    const parts = [h("div", { class: "bubble", onclick: open }, ...media, body, this.#meta(text))];
    if (text.status === "undelivered") {
      parts.push(
        h("p", { class: "failure" }, icon("alert"), `Not delivered · ${text.error_code} ${text.error_message ?? ""}`.trim()),
      );
    }
    return parts;
  }

  /** Time, parts and state: a button, so that a keyboard opens the inspection too. */
  #meta(text) {
    const [name, words] = STATES[text.direction][text.status] ?? [null, text.status];
    const many = text.segments > 1 ? h("span", { class: "parts" }, `${text.segments} SMS`) : null;
    const label = `${words}, ${clockTime(text.at)}, ${plural(text.segments, "segment")} ${text.encoding}. Inspect`;
    const attributes = { type: "button", class: "meta", "aria-haspopup": "dialog", "aria-label": label };
    if (isComing(text)) {
      return h("button", { ...attributes, onclick: () => this.onInspect(text) }, "on its way", icon(name));
    }
    return h(
      "button",
      { ...attributes, onclick: () => this.onInspect(text) },
      many,
      h("time", { datetime: text.at }, clockTime(text.at)),
      name ? icon(name) : null,
    );
  }
}

function withLinks(body) {
  const pieces = [];
  let end = 0;
  for (const match of body.matchAll(LINK)) {
    pieces.push(body.slice(end, match.index), webLink(match[0], match[0]));
    end = match.index + match[0].length;
  }
  return [...pieces, body.slice(end)].filter((piece) => piece !== "");
}

function webLink(url, words) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

function mediaLink(url) {
  let name = url;
  try {
    const parsed = new URL(url);
    if (!["http:", "https:"].includes(parsed.protocol)) return h("p", { class: "media" }, url);
    name = parsed.pathname.split("/").pop() || parsed.host;
  } catch {
    return h("p", { class: "media" }, url);
  }
  const link = webLink(url, name);
  link.className = "media";
  link.prepend(icon("link"));
  return link;
}
