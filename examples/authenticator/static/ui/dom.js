// Elements from plain values. Text enters as text nodes only: no string is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (on…) and children; absent ones are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An SVG of paths (class, d) in a view of 24 by 24; it says nothing to a screen reader. */
export function drawing(name, ...paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    if (kind === "rest") path.setAttribute("pathLength", "1");
    svg.append(path);
  }
  return svg;
}

const ICONS = {
  codes: "M12 3a9 9 0 1 1-7.8 4.5M8.5 12.2l2.5 2.4 4.8-5.2",
  approvals: "M12 3l7.5 3v5.5c0 4.4-3 7.9-7.5 9.5-4.5-1.6-7.5-5.1-7.5-9.5V6zM9 12l2.2 2.2L15.2 10",
  backup: "M7 18.5a4.5 4.5 0 0 1-.5-9 6 6 0 0 1 11.4 1.3A3.9 3.9 0 0 1 17.5 18.5M12 20v-8M9 14.5l3-3 3 3",
  devices: "M4 5.5h11v9H4zM2.5 18h10M16 10h5v9.5h-5z",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h10v11H9zM15 9V4.5H5V15h4",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  alert: "M12 8.5v5M12 17h.01M12 3.5l9 16H3z",
  bin: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13",
};

export const icon = (name) => drawing("icon", ["line", ICONS[name]]);

let dialogs = 0;

/** A modal dialog with a title and a form; `submit(data, form)` may throw: what it says is shown, and the dialog stays. */
export function openDialog(title, { content, action, submit, danger = false, cancel = "Cancel" }) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const label = `dialog-${(dialogs += 1)}`;
  const button = action && h("button", { class: danger ? "danger" : "primary" }, action);
  const form = h(
    "form",
    { method: "dialog", novalidate: true },
    h("h2", { id: label }, title),
    content,
    problem,
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, cancel), button),
  );
  const dialog = h("dialog", { "aria-labelledby": label, onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    if (button) button.disabled = true;
    try {
      await submit?.(new FormData(form), form);
      dialog.close();
    } catch (error) {
      if (!error.code) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      if (button) button.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export const field = (label, attributes, hint = null) => {
  const id = `field-${attributes.name}-${(dialogs += 1)}`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h(attributes.rows ? "textarea" : "input", { id, autocomplete: "off", spellcheck: "false", "aria-describedby": hint && `${id}-hint`, ...attributes }),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
  );
};

let announcer = null;

/** Say something in passing: seen for a moment, and read out. */
export function announce(message) {
  if (!announcer) {
    announcer = h("div", { class: "toast", role: "status" });
    document.body.append(announcer);
  }
  announcer.replaceChildren(message);
  announcer.classList.remove("shown");
  void announcer.offsetWidth;
  announcer.classList.add("shown");
}

export function grouped(code) {
  const half = Math.ceil(code.length / 2);
  return `${code.slice(0, half)} ${code.slice(half)}`;
}

/** Hand a file to the person. */
export function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
