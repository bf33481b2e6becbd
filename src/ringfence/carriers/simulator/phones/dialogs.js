// Modal dialogs: one at a time, closed by Escape, the button, or a click beside them.

import { h } from "./dom.js";

let count = 0;

/** Open a dialog; `content(close)` gives what is in it. Focus returns to where it was. */
export function openDialog(title, content, { wide = false } = {}) {
  const before = document.activeElement;
  const titleId = `dialog-${(count += 1)}`;
  const dialog = h("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": titleId });
  const close = () => dialog.close();
  dialog.append(
    h(
      "div",
      { class: "dialog-card" },
      h("header", { class: "dialog-bar" }, h("h2", { id: titleId }, title), h("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "✕")),
      ...[content(close)].flat(),
    ),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A labelled row of a form. */
export function field(label, control, hint = null) {
  return h("label", { class: "field" }, h("span", { class: "field-label" }, label), control, hint && h("span", { class: "field-hint" }, hint));
}

/** A select over [value, words] pairs. */
export function choice(name, pairs, chosen, onchange) {
  const options = pairs.map(([value, words]) => h("option", { value, selected: value === chosen }, words));
  return h("select", { name, onchange: (event) => onchange(event.target.value) }, ...options);
}

/** Run `action` from a control; a refusal is shown beside it. */
export function attempt(notice, action) {
  return async (...values) => {
    notice.textContent = "";
    try {
      await action(...values);
    } catch (error) {
      notice.textContent = error.message;
    }
  };
}
