// Members sign in: their passkey is of the key origin, and is shown in its frame.
import { tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { comeBack, goOn, startSession } from "./session_start.js";

if (!(await comeBack())) await signIn();

async function signIn() {
  try {
    let opens = false;
    const { account, credential, boxes } = await startSession(async (options) => {
      const shown = await askKeys("sign_in", { options });
      opens = shown.opens;
      return shown.answer;
    });
    // What another member of the account left open in this browser is not this one's to read with.
    if (opens && boxes.length) await askKeys("unlock", { account, credential, boxes });
    else await askKeys("lock");
    goOn();
  } catch (error) {
    tell(error.message);
    setTimeout(signIn, 1_000);
  }
}
