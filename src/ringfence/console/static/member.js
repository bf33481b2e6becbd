// What members do on any of their pages; what one page alone does is a file beside this. Content is opened and shown in
// the key origin's frame; here it is sealed.
import { post, tell } from "./asking.js";
import { valuesOf } from "./form_values.js";
import { onClick, onSubmit } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { save } from "./saving.js";
import { forgetKey } from "./session_key.js";
import { sure } from "./sure.js";

/** The account whose pages these are. */
export const account = document.querySelector("p.aside code").textContent;
const frame = document.getElementById("keys");

const leave = document.getElementById("sign-out");
leave.addEventListener("click", () => reporting(signOut));
leave.disabled = false;
const add = document.getElementById("add-passkey");
if (add) {
  add.addEventListener("click", () => reporting(addPasskey));
  add.disabled = false;
}
onClick("button[data-act]", (button) => reporting(() => act(button)));
onSubmit("form[data-act]", (form) => reporting(() => act(form, valuesOf(form))));
onClick("button[data-save]", (button) => reporting(() => save(button.dataset.save, button.dataset.name)));

/** Whose content is open in the frame: where it is nobody's, a passkey or a secret is asked for there. */
export async function opened() {
  const open = await askKeys("state");
  if (open.account === account) return open;
  const { credential, boxes } = await verified();
  if (boxes.length) {
    await askKeys("unlock", { account, credential, boxes });
    return { account, credential };
  }
  const typed = await askKeys("type_secret", { account });
  const found = await post("/boxes", { credential: typed.credential });
  await askKeys("unlock", { account, credential: typed.credential, boxes: found.boxes });
  return { account, credential: typed.credential };
}

/** The member shows a passkey again; what it opens, sealed. */
export async function verified() {
  frame.hidden = false;
  const { ceremony, options } = await post("/verify/options");
  // Who came through their organisation has no passkey here: then nothing opens by one.
  if (!options) return { credential: "", boxes: [] };
  const { answer } = await askKeys("sign_in", { options, again: true });
  return post("/verify", { ceremony, answer });
}

async function addPasskey() {
  const shown = await verified();
  const { ceremony, options, boxes, proof_key } = await post("/passkeys/options");
  const { credential } = shown;
  const { answer, slot } = await askKeys("add_passkey", { account, credential, boxes, options, proof_key });
  await post("/passkeys", { ceremony, answer, slot });
  location.reload();
}

/** What the server answers; where it wants a fresh passkey for that, the member shows one first. */
export async function freshly(address, values) {
  try {
    return await post(address, values);
  } catch (error) {
    if (!error.fresh) throw error;
    await verified();
    return post(address, values);
  }
}

async function act(element, values) {
  if (!(await sure(element))) return;
  const { act: address, then } = element.dataset;
  await freshly(address, values);
  if (then) location.assign(then);
  else location.reload();
}

async function signOut() {
  // Who came through an organisation signs out there too.
  const { address } = await post("/sign-out");
  await askKeys("lock");
  await forgetKey();
  location.replace(address || "/sign-in");
}

/** Do `work`, and tell what came in its way. */
export async function reporting(work) {
  try {
    await work();
  } catch (error) {
    tell(error.message);
  }
}
