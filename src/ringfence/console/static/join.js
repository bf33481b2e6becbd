// Enrolling with a link. Its secret stands after #, so that it is in no log and in no history of requests.
import { post, tell } from "./asking.js";
import { makePasskey, whyNot } from "./passkey.js";

const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

const button = document.getElementById("join");
button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const { ceremony, options } = await post("/join/options", { secret });
    const { waits } = await post("/join", { ceremony, answer: await makePasskey(options) });
    if (!waits) location.replace("/sign-in");
    tell("Enrolled. You can sign in 24 hours from now; every other member sees it meanwhile.");
  } catch (error) {
    tell(whyNot(error));
    button.disabled = false;
  }
});
button.disabled = false;
if (!secret) tell("This page is opened by a link that holds a secret; this address holds none.");
