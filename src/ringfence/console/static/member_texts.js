// Texts, a page at a time: they come sealed, and the frame opens and shows them.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const filter = document.getElementById("filter");
const older = document.getElementById("older");
let before = null;

filter.addEventListener("submit", (event) => {
  event.preventDefault();
  before = null;
  reporting(showTexts);
});
older.addEventListener("click", () => reporting(showTexts));
reporting(showTexts);

async function showTexts() {
  const { credential } = await opened();
  const { day, status, direction } = Object.fromEntries(new FormData(filter));
  const wanted = { day, status: status || null, direction: direction || null, before };
  const page = await post("/texts/sealed", { wanted, credential });
  const { records, epochs, timeline } = page;
  await askKeys("show_messages", { account, records, epochs, timeline });
  before = page.before;
  older.disabled = before === null;
}
