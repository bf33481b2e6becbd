// The switch that says whether a page is followed, and the words for what is new and not shown yet.
import { follow } from "./stream.js";

const KEPT = "ringfence-follow";
const OFF = "off";

/**
 * Follow the page at `address()`, which is null for what is not followed, with a bar beside its heading. `changed(said)` is
 * called whenever it looks otherwise, and shows that, or comes back with words: then a button offers it, and `show` is
 * called once that is pressed. `heard(said)` is told all of it at once, and null where nothing can be heard for now.
 * What comes back begins anew, and says whether anything is followed then.
 */
export function followBar(address, changed, show, heard = () => {}) {
  const bar = made("div", "live");
  const label = made("label", "tick");
  const box = Object.assign(made("input"), { type: "checkbox", checked: sessionStorage.getItem(KEPT) !== OFF });
  label.append(box, "Follow");
  const told = made("span");
  told.setAttribute("aria-live", "polite");
  bar.append(label, told);
  document.querySelector("main .heading").append(bar);

  let stream = new AbortController();
  let last = null;
  let busy = false;

  async function hear(said) {
    heard(said);
    if (said === null) return;
    last = said;
    if (busy) return;
    busy = true;
    while (last !== null) {
      const now = last;
      last = null;
      offer(await changed(now).catch(() => "Changed: show"));
    }
    busy = false;
  }

  // Whoever was at the button is then beside where it was.
  function clear() {
    if (told.contains(document.activeElement)) box.focus();
    told.replaceChildren();
  }

  function offer(words) {
    if (!words) {
      clear();
      return;
    }
    const button = told.querySelector("button");
    if (button) {
      if (button.textContent !== words) button.textContent = words;
      return;
    }
    const offered = Object.assign(made("button"), { type: "button", textContent: words });
    offered.addEventListener("click", () => {
      clear();
      show().catch(() => offer("Changed: show"));
    });
    told.replaceChildren(offered);
  }

  function begin() {
    stream.abort();
    stream = new AbortController();
    clear();
    bar.hidden = address() === null;
    if (!box.checked || bar.hidden) return false;
    const { signal } = stream;
    // One that was left has nothing to say any more.
    follow(address(), (said) => signal.aborted || hear(said), signal).then((why) => {
      if (why && !signal.aborted) told.replaceChildren(why);
    });
    return true;
  }

  box.addEventListener("change", () => {
    sessionStorage.setItem(KEPT, box.checked ? "" : OFF);
    begin();
  });
  begin();
  return begin;
}

function made(name, styled) {
  const element = document.createElement(name);
  if (styled) element.className = styled;
  return element;
}
