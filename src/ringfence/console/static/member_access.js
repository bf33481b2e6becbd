// Who may use the account: a person changes it in the frame, and this page carries what they sealed there.
import { post } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys, bringForward, carried } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

onClick("button[data-access]", (button) => reporting(() => changed(button.dataset)));

async function changed({ access, sid, restricted }) {
  await opened();
  const asked = await freshly("/access/form");
  bringForward();
  const change = await askKeys("change_access", { account, act: access, sid, restricted: restricted !== undefined, ...asked });
  await carried(() => post("/access", change));
  location.reload();
}
