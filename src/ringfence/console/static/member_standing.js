// What is set up and sealed: the frame shows it, and a person changes it there. What passes through here is sealed both
// ways. A button with `data-standing` is of one thing that there is, one with `data-buy` of a number that is not yet.
import { post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

const frame = document.getElementById("keys");
const change = document.querySelector("button[data-standing]");

if (change) {
  const at = change.dataset.standing;
  change.addEventListener("click", () => reporting(() => changed(at)));
  change.disabled = false;
  reporting(() => shown(at));
}
for (const button of document.querySelectorAll("button[data-buy]")) {
  button.addEventListener("click", () => reporting(() => bought(button.dataset.buy)));
  button.disabled = false;
}

async function shown(at) {
  const { credential } = await opened();
  await askKeys("show_standing", { account, ...(await post(`${at}/sealed`, { credential })) });
}

async function changed(at) {
  const { credential } = await opened();
  const form = await edited(await freshly(`${at}/form`, { credential }));
  await post(`${at}/standing`, form);
  tell("Changed.");
  await shown(at);
}

async function bought(number) {
  await opened();
  const asked = await freshly("/numbers/form", { number });
  const form = await edited(asked);
  const { sid } = await post("/numbers/buy", { number, sid: asked.sid, form });
  location.assign(`/numbers/${sid}`);
}

async function edited(asked) {
  frame.hidden = false;
  frame.classList.add("tall");
  frame.scrollIntoView({ block: "nearest" });
  return askKeys("edit_standing", { account, ...asked });
}
