// A list that comes sealed, a page at a time: what is wanted of it is in the page's form, and the frame shows it.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const filter = document.getElementById("filter");
const older = document.getElementById("older");
let before = null;

const OWN = { account, opened, pages: location.origin };

/** Show the list at `address` by a verb of the frame, now and whenever the form is sent: of this account, or of `of`. */
export function sealedList(address, verb, of = OWN) {
  const show = async () => {
    const { credential } = await of.opened();
    const page = await post(`${address}/sealed`, { wanted: { ...chosen(), before }, credential });
    await askKeys(verb, { ...page, account: of.account, at: of.pages === null ? "" : of.pages + address });
    before = page.before;
    older.disabled = before === null;
  };
  filter.addEventListener("submit", (event) => {
    event.preventDefault();
    before = null;
    reporting(show);
  });
  older.addEventListener("click", () => reporting(show));
  reporting(show);
}

// What is left open is not asked for.
const chosen = () => Object.fromEntries([...new FormData(filter)].filter(([, value]) => value));
