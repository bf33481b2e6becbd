// A member answers a request of staff: looks, has the number read out, types it, shows the passkey. Keys are sealed in
// the frame, for the asking session alone.
import { get, post, tell } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys, carried } from "./keys_frame.js";
import { freshly, opened } from "./member.js";

const POLL_MS = 2_000;

onClick("button[data-look]", async (button) => {
  button.disabled = true;
  try {
    await answer(`/grants/${button.dataset.look}`);
  } catch (error) {
    tell(error.message);
  }
});

async function answer(at) {
  const frame = document.getElementById("keys");
  await opened();
  let { grant } = await get(at);
  show(frame);
  await post(`${at}/look`, await askKeys("look_at_grant", { grant }));
  tell("They see now that you look. Wait for their number.");
  grant = await until(at, (now) => now.value !== "");
  // What was open when they looked may have closed since.
  const { credential } = await opened();
  const sealed = await post(`${at}/keys`, { credential });
  document.getElementById("told").hidden = true;
  const made = await askKeys("approve_grant", { grant, ...sealed });
  if (!made.matches) {
    await post(`${at}/refuse`);
    tell("The numbers differ, so it is refused: what you were shown is not what was asked, or it was mistyped. They may ask anew.");
    return;
  }
  await carried(() => freshly(`${at}/approve`, { typed: made.typed, lid: made.lid, boxes: made.boxes }));
  location.reload();
}

function show(frame) {
  frame.hidden = false;
  frame.classList.add("tall");
}

async function until(at, holds) {
  for (;;) {
    const { grant } = await get(at);
    if (holds(grant)) return grant;
    if (grant.state !== "pending") throw new Error(`It is ${grant.state.replace("_", " ")}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
