// Making a part of the page look as the server has it now, and leaving alone what is the same: so focus, what was typed,
// what scripts did to buttons and where things stand on the screen stay.

// Of these the page knows better than the server.
const OWN = ["disabled", "open"];
const CONTROLS = "a, button, input, select, summary, textarea";
// What says which thing an element is of, and what it does to that.
const WHICH = ["id", "name", "href", "value"];

/** Whether somebody is at work in `region`, and would be disturbed by other rows. */
export function inUse(region) {
  const active = document.activeElement;
  const marked = getSelection();
  return (
    (region.contains(active) && active.matches(CONTROLS)) ||
    region.querySelector("details[open], button:hover, a:hover") !== null ||
    (!marked.isCollapsed && marked.containsNode(region, true)) ||
    [...region.querySelectorAll("input, select, textarea")].some(isTouched)
  );
}

/**
 * Make `region` look as `made`, which is of another document. The rows that are new. Nothing turns into what is of another
 * row (`data-row`, unique in its list), or does another thing: that is made anew.
 */
export function putInPlace(region, made) {
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  const anchor = [...region.querySelectorAll("tr, li")].find((row) => row.getBoundingClientRect().bottom > 0);
  const before = anchor?.getBoundingClientRect();
  const isScrolledInto = region.getBoundingClientRect().top < 0;
  const came = [];
  likeTo(region, made, came);
  if (active && active !== document.activeElement) {
    (active.isConnected ? active : (region.querySelector("[tabindex]") ?? region)).focus({ preventScroll: true });
  }
  if (isScrolledInto && anchor?.isConnected) scrollBy(0, anchor.getBoundingClientRect().top - before.top);
  return came;
}

function likeTo(old, made, came) {
  for (const { name, value } of made.attributes) {
    if (!OWN.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const name of old.getAttributeNames()) {
    if (!OWN.includes(name) && !made.hasAttribute(name)) old.removeAttribute(name);
  }
  const wanted = [...made.childNodes];
  const found = pairs([...old.childNodes], wanted);
  const stay = new Set(found);
  for (const node of [...old.childNodes]) if (!stay.has(node)) node.remove();
  let at = old.firstChild;
  wanted.forEach((want, index) => {
    let node = found[index];
    if (!node) {
      node = document.importNode(want, true);
      if (node.matches?.("tr, li")) came.push(node);
    } else if (node.nodeType === Node.ELEMENT_NODE && plain(node) !== plain(want)) {
      likeTo(node, want, came);
    }
    if (node === at) at = at.nextSibling;
    else old.insertBefore(node, at);
  });
}

// Which of the old nodes each wanted one is: the same in the same place, the same elsewhere, or one of the same name.
function pairs(old, wanted) {
  const left = new Set(old);
  const found = wanted.map(() => null);
  const pair = (trait, candidates) => {
    const has = new Map(old.map((node) => [node, trait(node)]));
    wanted.forEach((want, index) => {
      const sought = found[index] ? "" : trait(want);
      if (sought === "") return;
      found[index] = candidates(index).find((node) => left.has(node) && has.get(node) === sought) ?? null;
      left.delete(found[index]);
    });
  };
  pair(plain, (index) => old.slice(index, index + 1));
  pair(plain, () => old);
  pair(nameOf, () => old);
  return found;
}

function plain(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeValue;
  const copy = node.cloneNode(true);
  for (const each of [copy, ...copy.querySelectorAll(OWN.map((name) => `[${name}]`).join())]) {
    for (const name of OWN) each.removeAttribute(name);
  }
  return copy.outerHTML;
}

// What stays the same whatever else of it changes: "" where nothing says which row it is. Cells and the like go by their order.
function nameOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches("tr:not([data-row]), li:not([data-row])")) return "";
  return JSON.stringify([node.nodeName, ...WHICH.map((name) => node.getAttribute(name)), ...Object.entries(node.dataset)]);
}

function isTouched(field) {
  if (field.matches("select")) {
    const own = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(0, own);
  }
  return field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}
