// Staff sign in: their passkey is of this console's own host.
import { tell } from "./asking.js";
import { showPasskey, whyNot } from "./passkey.js";
import { comeBack, goOn, startSession } from "./session_start.js";

const button = document.getElementById("sign-in");
button.addEventListener("click", signIn);
button.disabled = false;
await comeBack();

async function signIn() {
  button.disabled = true;
  try {
    await startSession(showPasskey);
    goOn();
  } catch (error) {
    tell(whyNot(error));
    button.disabled = false;
  }
}
