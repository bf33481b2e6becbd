// Recordings: the sealed file goes from here into the frame, which opens and plays it.
import { post } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { reporting } from "./member.js";
import { account, at, openedHere } from "./whose.js";

const frame = document.getElementById("keys");

onClick("button[data-play]", (button) => reporting(() => show(button.dataset.play)));

async function show(sid) {
  frame.hidden = false;
  frame.scrollIntoView({ block: "nearest" });
  const { credential } = await openedHere();
  const opener = await post(`${at}/recordings/${sid}/sealed`, { credential });
  const response = await fetch(`${at}/recordings/${sid}/sound`);
  if (!response.ok) throw new Error((await response.json()).error);
  await askKeys("show_recording", { ...opener, account, file: await response.arrayBuffer() });
}
