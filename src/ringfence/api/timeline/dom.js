// Elements from plain values. Text enters as text nodes only: no string here is ever parsed as markup.

/** An element with attributes, listeners (on…) and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** A disclosure whose state outlives a new drawing: `key` names it on the page. */
export function disclosure(key, summary, ...children) {
  return h("details", { "data-key": key }, h("summary", { "data-focus": key }, summary), ...children);
}

/** Names with their values; those without a value are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, ...shown.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Put `next` in the place of `before`: what was open stays open, and the focus stays where it was. */
export function replace(before, next) {
  for (const old of before.querySelectorAll("details[data-key]")) {
    const same = next.querySelector(`details[data-key="${CSS.escape(old.dataset.key)}"]`);
    if (same) same.open = old.open;
  }
  const focus = before.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  before.replaceWith(next);
  if (focus) next.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  return next;
}
