// Elements from plain values. Text enters as text nodes only: no string here is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (on…) and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

const ICONS = {
  back: "M15 5l-7 7 7 7",
  send: "M12 19V6M6 11.5L12 5.5l6 6",
  pen: "M4 20h4L19.5 8.5a2.1 2.1 0 0 0-3-3L5 17v3zM14.5 7.5l3 3",
  plus: "M12 5v14M5 12h14",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  signal: "M5 19v-3M10 19v-6M15 19v-9M20 19V6",
  alert: "M12 8v5M12 16.5h.01M12 3.5l9 16H3z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2.5 12.5L7 17l8.5-9.5M11.5 16l1 1L21.5 7.5",
  clock: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  phone: "M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 6.2 2 2 0 0 1 6.5 4z",
  mic: "M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.5zM5.8 11.2a6.2 6.2 0 0 0 12.4 0M12 17.4v3.1",
  muted: "M9.2 9.2v2.1a2.8 2.8 0 0 0 4.5 2.2M14.8 11V6.3a2.8 2.8 0 0 0-5.4-1M5.8 11.2a6.2 6.2 0 0 0 9.6 5.2M17.9 13a6 6 0 0 0 .3-1.8M12 17.4v3.1M4.5 4l15 16",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  resume: "M8 5.5l10.5 6.5L8 18.5z",
  keypad: "M6 5.5h.01M12 5.5h.01M18 5.5h.01M6 12h.01M12 12h.01M18 12h.01M6 18.5h.01M12 18.5h.01M18 18.5h.01",
  incoming: "M18 6L7 17M7 9.5V17h7.5",
  outgoing: "M6 18L17 7M9.5 7H17v7.5",
  missed: "M4.5 8.5l6 6 8.5-8.5M13 6h6v6",
  erase: "M9 6h10.5a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9l-5.5-6zM11.5 9.8l4.5 4.5M16 9.8l-4.5 4.5",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
};

/** A line icon; it says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Make `parent`'s children exactly `wanted`, touching only what differs, so that focus and scroll stay. */
export function place(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}
