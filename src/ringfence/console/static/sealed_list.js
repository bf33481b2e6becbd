// A list that comes sealed, a page at a time: what is wanted of it is in the page's form, and the frame shows it.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const filter = document.getElementById("filter");
const older = document.getElementById("older");
let before = null;

/** Show the list at `address` by a verb of the frame, now and whenever the form is sent. */
export function sealedList(address, verb) {
  const show = async () => {
    const { credential } = await opened();
    const page = await post(`${address}/sealed`, { wanted: { ...chosen(), before }, credential });
    await askKeys(verb, { ...page, account, at: location.origin + address });
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
