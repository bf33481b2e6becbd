// API keys that a member makes: the frame makes one and shows its secret, this page only carries what is sealed.
import { post, tell } from "./asking.js";
import { askKeys, bringForward } from "./keys_frame.js";
import { account, freshly, opened, reporting } from "./member.js";

const button = document.getElementById("make-key");
button.addEventListener("click", () => reporting(made));
button.disabled = false;

async function made() {
  const { credential } = await opened();
  const { proof_key } = await freshly("/access/form");
  const { boxes } = await post("/boxes", { credential });
  bringForward();
  const key = await askKeys("make_key", { account, boxes, proof_key });
  try {
    await post("/access", key);
  } catch (problem) {
    await askKeys("show_made_key", { kept: false });
    throw problem;
  }
  await askKeys("show_made_key", { kept: true });
  tell("The key is made. It stands above the list until it is used.");
}
