// Webhooks: the frame shows the attempts at one, and seals what it takes to tell it again.
import { post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

const frame = document.getElementById("keys");

for (const row of document.querySelectorAll("tr[data-event]")) {
  const at = `/webhooks/${row.dataset.event}`;
  const look = row.querySelector("[data-look]");
  look.disabled = false;
  look.addEventListener("click", () => reporting(() => show(at)));
  const again = row.querySelector("[data-again]");
  if (again) {
    again.disabled = false;
    again.addEventListener("click", () => reporting(() => replay(at, row, again)));
  }
}

async function sealedOf(at) {
  frame.hidden = false;
  frame.classList.add("tall");
  frame.scrollIntoView({ block: "nearest" });
  const { credential } = await opened();
  return { credential, sealed: await post(`${at}/sealed`, { credential }) };
}

async function show(at) {
  const { sealed } = await sealedOf(at);
  await askKeys("show_webhook", { ...sealed, account });
}

async function replay(at, row, again) {
  const { credential, sealed } = await sealedOf(at);
  const { box } = await askKeys("lend_record", { ...sealed, account });
  await freshly(`${at}/again`, { credential, box });
  row.querySelector("[data-state]").textContent = "waiting";
  again.remove();
  row.querySelector("[data-look]").focus();
  frame.hidden = true;
  tell("It is told again.");
}
