// All of one text or call: it comes sealed, and the frame opens and shows it.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account, opened, reporting } from "./member.js";

const calls = `${location.origin}/calls`;
const sounds = `${location.origin}/recordings`;

document.getElementById("again").addEventListener("click", () => reporting(showRecord));
reporting(showRecord);

async function showRecord() {
  const { credential } = await opened();
  const record = await post(`${location.pathname}/sealed`, { credential });
  const verb = location.pathname.startsWith("/calls/") ? "show_call" : "show_text";
  await askKeys(verb, { ...record, account, at: calls, sounds });
}
