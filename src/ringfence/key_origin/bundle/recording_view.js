// A recording: its sealed file comes from the console, is opened here, and heard or saved here.

import { openRecording } from "./crypto/recordings.js";
import { h, show } from "./dom.js";
import { keysOf } from "./keeping.js";
import { ownRecordKey } from "./record_keys.js";
import { Refused } from "./refused.js";
import { addressOf } from "./saving.js";
import { duration } from "./times.js";
import { wavOf } from "./wav.js";

const DAMAGE = {
  cut: "Its writer was stopped before the end: this is what there is.",
  altered: "The file was altered: it is heard up to there.",
};

export const recordings = {
  /** Opens the file of a recording, {sid, epoch}, and shows what plays it. `file` is an ArrayBuffer. */
  async show_recording({ account, record, epochs, file }) {
    const key = await ownRecordKey(await keysOf(account), account, epochs, record);
    return playRecording(key, account, record.sid, file);
  },
};

/** Opens a file with its record's key, which is wiped, and shows what plays and saves it: {damage}. */
export async function playRecording(key, account, sid, file) {
  if (!(file instanceof ArrayBuffer)) throw new Refused("recording", "There is no file to open.");
  const opened = await openRecording(key, account, sid, new Uint8Array(file)).finally(() => key.fill(0));
  const { sound, channels, rate_hz, damage } = opened;
  const address = addressOf([wavOf(opened)], "audio/wav");
  show(
    h("p", {}, h("code", {}, sid), `, ${duration((1_000 * sound.length) / channels / rate_hz)}, ${channels === 2 ? "two channels" : "one channel"}`),
    h("audio", { controls: true, src: address, "aria-label": `Recording ${sid}` }),
    h("p", {}, h("a", { href: address, download: `${sid}.wav` }, "Save as WAV")),
    damage ? h("p", { class: "bad", role: "alert" }, DAMAGE[damage]) : null,
  );
  return { damage };
}
