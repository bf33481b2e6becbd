// What may be done on a page: `data-act` is where it is asked for. Where it asks for a passkey first, that is shown.
import { post, tell } from "./asking.js";
import { valuesOf } from "./form_values.js";
import { onClick, onSubmit } from "./heard.js";
import { makePasskey, showPasskey, whyNot } from "./passkey.js";
import { save } from "./saving.js";
import { forgetKey } from "./session_key.js";
import { sure } from "./sure.js";

const STAFF_LINK = "Give this link to its person alone; it serves once, and for ten minutes:";

onClick("button[data-act]", (button) => act(button, button.dataset.act, {}));
onSubmit("form[data-act]", (form) => act(form, form.dataset.act, valuesOf(form)));
onClick("button[data-save]", (button) => reporting(() => save(button.dataset.save, button.dataset.name)));
onClick("#add-passkey", (button) => reporting(() => addPasskey(button)));

async function act(element, address, values) {
  if (!(await sure(element))) return;
  await reporting(async () => {
    const answer = await freshly(address, values);
    if (address === "/sign-out") await forgetKey();
    if (answer.link) tell(element.dataset.told ?? STAFF_LINK, answer.link);
    else if (element.dataset.then) location.replace(element.dataset.then);
    else location.reload();
  });
}

async function addPasskey(button) {
  if (!(await sure(button))) return;
  const { ceremony, options } = await freshly("/passkeys/options");
  await post("/passkeys", { ceremony, answer: await makePasskey(options) });
  location.reload();
}

async function freshly(address, values) {
  try {
    return await post(address, values);
  } catch (error) {
    if (!error.fresh) throw error;
    const { ceremony, options } = await post("/verify/options");
    await post("/verify", { ceremony, answer: await showPasskey(options) });
    return post(address, values);
  }
}

async function reporting(work) {
  try {
    await work();
  } catch (error) {
    tell(whyNot(error));
  }
}
