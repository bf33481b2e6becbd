// The Phones page: the feed fills the store, the store moves the phones.

import { addHandset } from "./api.js";
import { Calling } from "./calling.js";
import { attempt, field, openDialog } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { firstText } from "./first_text.js";
import { prettyNumber } from "./format.js";
import { inspectText } from "./inspect.js";
import { DEMO_HANDSET, Shelf } from "./shelf.js";
import { peerOf, Store } from "./store.js";
import { openHandsetSettings, openNetworkSettings, troubleWords } from "./trouble.js";

const CLOCK_MS = 5_000;
const PROBLEM_MS = 6_000;
const STATES = { live: "Live", connecting: "Connecting…", away: "Reconnecting…" };

const $ = (id) => document.getElementById(id);
const store = new Store();
const calling = new Calling();
const shelf = new Shelf($("phones"), $("tabs"), {
  store,
  calling,
  onInspect: inspectText,
  onSettings: (number) => openHandsetSettings(number, store),
  onProblem: showProblem,
  onHelp: openFirstText,
  onRing: showRinging,
});
let connection = "connecting";

store.addEventListener("change", () => {
  shelf.render();
  showState();
});
store.addEventListener("buzz", ({ detail: text }) => {
  shelf.phone(text.handset)?.buzz(text);
  const handset = store.handsets.get(text.handset);
  const name = handset.name || prettyNumber(text.handset);
  announce(`${name} has a ${handset.kind === "mailbox" ? "mail" : "text"} from ${prettyNumber(peerOf(text))}: ${text.body}`);
});

for (const place of document.querySelectorAll("[data-icon]")) place.append(icon(place.dataset.icon));
$("open-add").addEventListener("click", openAdd);
$("open-network").addEventListener("click", () => openNetworkSettings(store));
$("open-first-text").addEventListener("click", () => openFirstText(store.firstHandset() ?? DEMO_HANDSET));
setInterval(() => shelf.tick(), CLOCK_MS);

new Feed(
  (kind, content) => store.take(kind, content),
  (state) => {
    connection = state;
    if (state === "live") calling.look();
    showState();
  },
).open();

function showRinging(number, call) {
  const name = store.handsets.get(number)?.name || prettyNumber(number);
  announce(`${name} is called by ${prettyNumber(call.peer)}`);
  shelf.phone(number)?.element.scrollIntoView({ behavior: "smooth", inline: "nearest", block: "nearest" });
}

/** Connection first; when that is well, what goes wrong on the whole network. */
function showState() {
  const words = connection === "live" ? troubleWords(store.faultsOf(null)) : [];
  const state = connection === "live" && words.length ? "trouble" : connection;
  const text = words.length ? `Network: ${words.join(", ")}` : STATES[connection];
  const live = $("live");
  live.dataset.state = state;
  if (live.textContent !== text) live.textContent = text;
}

function announce(words) {
  const log = $("announcer");
  log.append(h("p", {}, words));
  while (log.children.length > 5) log.firstChild.remove();
}

function showProblem(words) {
  document.querySelector(".toast")?.remove();
  const toast = h("p", { class: "toast", role: "alert" }, words);
  document.body.append(toast);
  setTimeout(() => toast.remove(), PROBLEM_MS);
}

function openFirstText(number) {
  openDialog("Send a text", () => firstText(number), { wide: true });
}

function openAdd() {
  const notice = h("p", { class: "notice", role: "alert" });
  const number = h("input", {
    name: "number",
    required: true,
    inputmode: "tel",
    autocomplete: "off",
    value: freeNumber(),
    pattern: "\\+[1-9][0-9]{6,14}",
    title: "A number in E.164 form, such as +12025550177",
  });
  const name = h("input", { name: "name", maxlength: "40", autocomplete: "off", placeholder: "Ada Lovelace" });
  openDialog("Add a handset", (close) => {
    const add = attempt(notice, async () => {
      const { number: added } = await addHandset(number.value.trim(), name.value.trim());
      close();
      requestAnimationFrame(() => shelf.phone(added)?.element.scrollIntoView({ behavior: "smooth", inline: "nearest", block: "nearest" }));
    });
    const submit = (event) => {
      event.preventDefault();
      add();
    };
    return h(
      "form",
      { onsubmit: submit },
      field("Number", number, "E.164 form. Nobody is called: these phones exist in this page only."),
      field("Name", name),
      notice,
      h("footer", { class: "dialog-actions" }, h("button", { type: "submit", class: "action action-main" }, "Add")),
    );
  });
  name.focus();
}

/** The first of the numbers reserved for fiction that no handset has. */
function freeNumber() {
  for (let last = 178; last < 200; last += 1) if (!store.handsets.has(`+12025550${last}`)) return `+12025550${last}`;
  return "";
}
