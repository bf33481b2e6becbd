// All of one text or call: it comes sealed, and the frame opens and shows it.
import { post } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys } from "./keys_frame.js";
import { reporting } from "./member.js";
import { account, at, openedHere } from "./whose.js";

const VERBS = { texts: "show_text", calls: "show_call" };
const { kind } = document.getElementById("record").dataset;
const pages = location.origin + at;

onClick("#again", () => reporting(showRecord));
reporting(showRecord);

async function showRecord() {
  const { credential } = await openedHere();
  const record = await post(`${location.pathname}/sealed`, { credential });
  await askKeys(VERBS[kind], { ...record, account, at: `${pages}/calls`, sounds: `${pages}/recordings` });
}
