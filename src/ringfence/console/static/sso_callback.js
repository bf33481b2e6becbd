// Back from an organisation's sign-in: what it gave is taken out of the address, and exchanged for a session.
import { post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { registerWorker } from "./session_start.js";

const given = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);
try {
  if (!given.get("code")) throw new Error("Your organisation did not let you in.");
  await registerWorker();
  await post("/sso/finish", { state: given.get("state") ?? "", code: given.get("code"), iss: given.get("iss") ?? "" });
  // What another member left open in this browser is not this one's to read with.
  await askKeys("lock");
  location.replace("/");
} catch (error) {
  tell(error.message);
}
