// What is set up and sealed: the frame shows it, and a person changes it there. What passes through here is sealed both
// ways. A button with `data-standing` is of one thing that there is, and what has `data-shown` of one that is changed
// otherwise; what has `data-new` makes one, a form with what was typed, a button with its own value.
import { post, tell } from "./asking.js";
import { valuesOf } from "./form_values.js";
import { onSubmit, ROWS_CAME } from "./heard.js";
import { askKeys, bringForward, carried } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

const change = document.querySelector("button[data-standing]");
let since;

if (change) {
  const at = change.dataset.standing;
  change.addEventListener("click", () => reporting(() => changed(at)));
  change.disabled = false;
  reporting(() => shown(at));
}
showOther();
document.addEventListener(ROWS_CAME, showOther);
for (const button of document.querySelectorAll("button[data-new]")) {
  button.addEventListener("click", () => reporting(() => made(button.dataset.new, { [button.name]: button.value })));
  button.disabled = false;
}
onSubmit("form[data-new]", (form) => reporting(() => made(form.dataset.new, valuesOf(form))));

// `data-since` says since when that is so: what comes while the page is open is shown too.
function showOther() {
  const other = document.querySelector("[data-shown]");
  if (other?.dataset.since === since) return;
  since = other?.dataset.since;
  document.getElementById("keys").hidden = !other;
  if (other) reporting(() => shown(other.dataset.shown));
}

async function shown(at) {
  const { credential } = await opened();
  await askKeys("show_standing", { account, ...(await post(`${at}/sealed`, { credential })) });
}

async function changed(at) {
  const { credential } = await opened();
  const form = await edited(await freshly(`${at}/form`, { credential }));
  await carried(() => post(`${at}/standing`, form));
  tell("Changed.");
  await shown(at);
}

async function made(at, values) {
  await opened();
  const asked = await freshly(`${at}/form`, values);
  const form = await edited(asked);
  const { sid } = await carried(() => post(at, { ...values, sid: asked.sid, form }));
  location.assign(`${at}/${sid}`);
}

async function edited(asked) {
  bringForward();
  return askKeys("edit_standing", { account, ...asked });
}
