// Webhooks: the frame shows the attempts at one, and seals what it takes to tell it again.
import { post, tell } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys, carried } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

const frame = document.getElementById("keys");

onClick("button[data-look]", (button) => reporting(() => show(rowOf(button).at)));
onClick("button[data-again]", (button) => reporting(() => replay(rowOf(button), button)));

function rowOf(button) {
  const row = button.closest("tr");
  return { row, at: `/webhooks/${row.dataset.row}` };
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

async function replay({ at, row }, again) {
  if ("clear" in again.dataset) {
    await freshly(`${at}/again`);
  } else {
    const key = await lent(at);
    await carried(() => freshly(`${at}/again`, key));
  }
  row.querySelector("[data-state]").textContent = "waiting";
  again.remove();
  row.querySelector("[data-look]")?.focus();
  frame.hidden = true;
  tell("It is told again.");
}

// The key of what was told, as the frame seals it once its person says so there.
async function lent(at) {
  const { credential, sealed } = await sealedOf(at);
  const { box } = await askKeys("lend_record", { ...sealed, account });
  return { credential, box };
}
