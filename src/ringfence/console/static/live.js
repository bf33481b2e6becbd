// A page whose parts with `data-live` show what there is now, while it is open. What is new comes with the page itself,
// asked for anew; where somebody is at work in such a part a button says so instead.
import { nameCells } from "./cards.js";
import { followBar } from "./follow_bar.js";
import { ROWS_CAME } from "./heard.js";
import { inUse, putInPlace } from "./in_place.js";

const LEAST_MS = 2_000;
const SHARE = 10;
const SHOWN_MS = 1_500;

const main = document.getElementById("main");
const parts = [...document.querySelectorAll("[data-live]")];
const here = location.pathname + location.search;
let rested = Promise.resolve();

if (main.dataset.version && parts.length) followBar(() => here, changed, () => refresh(false));

async function changed({ version, new: came }) {
  await rested;
  if (version === main.dataset.version) return "";
  const isShown = !parts.some(inUse) && (await refresh(true));
  return isShown ? "" : came ? `${came} new: show` : "Changed: show";
}

// Whether it looks so now: what nobody asked for waits for who came to be at work meanwhile. A busy page is asked for every
// other second at most, and one that takes long more seldom.
async function refresh(unasked) {
  const began_ms = performance.now();
  const now = await asked(unasked);
  nameCells(now);
  rested = new Promise((resolve) => setTimeout(resolve, Math.max(LEAST_MS, SHARE * (performance.now() - began_ms))));
  const made = [...now.querySelectorAll("[data-live]")];
  if (made.length !== parts.length) {
    // Another version of this program: what the page has under way is not given up for that.
    if (unasked) throw new Error("another page");
    location.reload();
    return true;
  }
  if (unasked && parts.some(inUse)) return false;
  const came = parts.flatMap((part, index) => putInPlace(part, made[index]));
  main.dataset.version = now.getElementById("main").dataset.version;
  document.dispatchEvent(new Event(ROWS_CAME));
  if (matchMedia("(prefers-reduced-motion: no-preference)").matches) came.forEach(flash);
  return true;
}

// The browser makes a document of it that runs nothing: Trusted Types leave no page a way from text to markup.
function asked(unasked) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", here);
    request.responseType = "document";
    request.setRequestHeader("accept", "text/html");
    if (unasked) request.setRequestHeader("ringfence-following", "1");
    request.onerror = () => reject(new Error("The server does not answer."));
    request.onload = () => (request.status === 200 ? resolve(request.response) : reject(new Error(`${request.status}`)));
    request.send();
  });
}

function flash(row) {
  row.animate([{ background: "var(--warn-soft)" }, { background: "transparent" }], SHOWN_MS);
}
