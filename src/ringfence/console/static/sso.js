// Through an organisation's sign-in: a key for the session is made first, and the provider is asked for the person.
import { post, tell } from "./asking.js";
import { keepKey, newKey } from "./session_key.js";

const form = document.getElementById("sso");

form.querySelector("button").disabled = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { public_jwk, kept } = await newKey();
    const { address, now_ms } = await post("/sso/begin", { account: new FormData(form).get("account"), key: public_jwk });
    await keepKey(kept, now_ms - Date.now());
    location.assign(address);
  } catch (error) {
    tell(error.message);
  }
});
