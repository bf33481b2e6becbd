// All of one text or call: it comes sealed, and the frame opens and shows it.
import { post } from "./asking.js";
import { onClick } from "./heard.js";
import { askKeys, carried } from "./keys_frame.js";
import { reporting } from "./member.js";
import { account, at, openedHere } from "./whose.js";

const VERBS = { texts: "show_text", calls: "show_call" };
const { kind } = document.getElementById("record").dataset;
const pages = location.origin + at;

// What is on the page, as the frame opens it, and its opening while that is under way.
let shown = null;
let opening = null;

onClick("#again", () => reporting(showRecord));
onClick("#share", () => reporting(shareRecord));
reporting(showRecord);

/** However many wait for it, the passkey is touched once. */
function showRecord() {
  opening ??= openRecord().finally(() => {
    opening = null;
  });
  return opening;
}

async function openRecord() {
  const { credential } = await openedHere();
  const record = await post(`${location.pathname}/sealed`, { credential });
  await askKeys(VERBS[kind], { ...record, account, at: `${pages}/calls`, sounds: `${pages}/recordings` });
  shown = record;
}

/** Its key is sealed in the frame, which shows the code that opens it: this page is not told. */
async function shareRecord() {
  if (opening || !shown) await showRecord();
  await openedHere();
  const { record, epochs } = shown;
  const { grant } = await post("/shared", { record: record.sid });
  const sealed = await askKeys("share_record", { grant, record: { sid: record.sid, epoch: record.epoch }, epochs });
  await carried(() => post(`/shared/${grant.sid}`, { record: record.sid, ...sealed }));
}
