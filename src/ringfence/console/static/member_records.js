// Texts or calls, which come sealed, a page at a time: what is wanted of them is in the form, and the frame shows them.
import { post } from "./asking.js";
import { followSealed } from "./follow_sealed.js";
import { onClick, onSubmit } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { reporting } from "./member.js";
import { account, at, openedHere } from "./whose.js";

const filter = document.getElementById("filter");
const older = document.getElementById("older");
// As many rows as a person may want to save at once; what is left comes with "Older".
const PAGES_MAX = 40;
let before = null;

const VERBS = { texts: "show_messages", calls: "show_calls" };
const { kind } = filter.dataset;
const address = `${at}/${kind}`;

onSubmit("#filter", () => begin(1));
onClick("#all", () => begin(PAGES_MAX));
older.addEventListener("click", () => reporting(() => show(1, false)));
const following = followSealed(async () => begin(1));
begin(1);

function begin(pages) {
  before = null;
  reporting(() => show(pages, pages === 1));
}

async function show(pages, isFirst) {
  const [{ credential }] = await Promise.all([openedHere(), following(isFirst ? `${address}${filtered()}` : null)]);
  const shown = { records: [], epochs: {} };
  for (let page = 0; page < pages; page += 1) {
    const found = await post(`${address}/sealed`, { wanted: { ...chosen(), before }, credential });
    shown.records.push(...found.records);
    Object.assign(shown.epochs, found.epochs);
    before = found.before;
    if (before === null) break;
  }
  await askKeys(VERBS[kind], { ...shown, account, at: location.origin + address });
  older.disabled = before === null;
}

// What is left open is not asked for.
function chosen() {
  return Object.fromEntries([...new FormData(filter)].filter(([, value]) => value));
}

function filtered() {
  const query = new URLSearchParams(chosen()).toString();
  return query && `?${query}`;
}
