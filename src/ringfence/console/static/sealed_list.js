// A list that comes sealed, a page at a time: what is wanted of it is in the page's form, and the frame shows it.
import { post } from "./asking.js";
import { followSealed } from "./follow_sealed.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const filter = document.getElementById("filter");
const older = document.getElementById("older");
const all = document.getElementById("all");
// As many rows as a person may want to save at once; what is left comes with "Older".
const PAGES_MAX = 40;
let before = null;

const OWN = { account, opened, pages: location.origin };

/** Show the list at `address` by a verb of the frame, now and whenever the form is sent: of this account, or of `of`. */
export function sealedList(address, verb, of = OWN) {
  const following = followSealed(async () => begin(1));
  const show = async (pages, isFirst) => {
    const [{ credential }] = await Promise.all([of.opened(), following(isFirst ? `${address}${filtered()}` : null)]);
    const shown = { records: [], epochs: {} };
    for (let page = 0; page < pages; page += 1) {
      const found = await post(`${address}/sealed`, { wanted: { ...chosen(), before }, credential });
      shown.records.push(...found.records);
      Object.assign(shown.epochs, found.epochs);
      before = found.before;
      if (before === null) break;
    }
    await askKeys(verb, { ...shown, account: of.account, at: of.pages === null ? "" : of.pages + address });
    older.disabled = before === null;
  };
  const begin = (pages) => {
    before = null;
    reporting(() => show(pages, pages === 1));
  };
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(1);
  });
  all?.addEventListener("click", () => begin(PAGES_MAX));
  older.addEventListener("click", () => reporting(() => show(1, false)));
  begin(1);
}

// What is left open is not asked for.
const chosen = () => Object.fromEntries([...new FormData(filter)].filter(([, value]) => value));

function filtered() {
  const query = new URLSearchParams(chosen()).toString();
  return query && `?${query}`;
}
