// Recordings' files, as domain/sealing/recording.py has them: opened frame by frame, each at its own place alone.

import { Refused } from "../refused.js";
import { bigEndian, concat, equal, text, utf8 } from "./bytes.js";

const MAGIC = concat(utf8("RFREC"), Uint8Array.of(1, 1));
const HEADER_BYTES = 96;
const SALT_AT = 12;
const SALT_BYTES = 16;
const SID_LENGTH = 34;
const WORD_BYTES = 4;
const TAG_BYTES = 16;
const END_BYTES = 25;
const CHUNK_MAX_BYTES = 1 << 20;
const LAST = 2 ** 31;

/**
 * The µ-law samples of a recording's file that are to be heard, the channels' in turn: {sound, channels, rate_hz, damage}.
 * `damage` is "" where the file is whole, else "cut" or "altered": it is heard up to there. Refused where it is no file of
 * that recording, or opens with another key.
 */
export async function openRecording(recordKey, account, sid, file) {
  const header = file.slice(0, HEADER_BYTES);
  const view = new DataView(header.buffer);
  const named = SALT_AT + SALT_BYTES;
  const said = (at) => text(header.slice(at, at + SID_LENGTH));
  if (file.length < HEADER_BYTES || !equal(header.slice(0, MAGIC.length), MAGIC) || said(named) !== account || said(named + SID_LENGTH) !== sid) {
    throw new Refused("recording", "This is not the file of that recording.");
  }
  const channels = header[7];
  const rate_hz = view.getUint32(8);
  const cipher = await cipherOf(recordKey, sid, header.slice(SALT_AT, named));
  const parts = [];
  const { end, damage } = await frames(cipher, header, file, parts);
  if (damage === "altered" && !parts.length) throw new Refused("recording", "This recording does not open.");
  const whole = concat(...parts);
  const sound = end ? whole.subarray(end.heardFrom * channels, end.heardTo * channels) : whole;
  return { sound, channels, rate_hz, damage };
}

async function frames(cipher, header, file, parts) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = HEADER_BYTES;
  for (let number = 0; at + WORD_BYTES <= file.length; number += 1) {
    const word = view.getUint32(at);
    const last = word >= LAST;
    const length = last ? word - LAST : word;
    if (length <= TAG_BYTES || length > CHUNK_MAX_BYTES + TAG_BYTES) return { damage: "altered" };
    at += WORD_BYTES;
    if (at + length > file.length) return { damage: "cut" };
    const opened = await openFrame(cipher, header, number, last, file.subarray(at, at + length));
    if (!opened || (last && opened.length !== END_BYTES)) return { damage: "altered" };
    at += length;
    if (last) return { end: endOf(opened), damage: "" };
    parts.push(opened);
  }
  return { damage: "cut" };
}

async function openFrame(cipher, header, number, last, sealed) {
  const place = concat(header, bigEndian(number, 8), Uint8Array.of(last ? 1 : 0));
  const how = { name: "AES-GCM", iv: bigEndian(number, 12), additionalData: place };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, cipher, sealed));
  } catch {
    return null;
  }
}

function endOf(opened) {
  const view = new DataView(opened.buffer);
  return { heardFrom: Number(view.getBigUint64(8)), heardTo: Number(view.getBigUint64(16)) };
}

async function cipherOf(recordKey, sid, salt) {
  const own = await expand(recordKey, utf8(`ringfence/recording/v1|${sid}`));
  const bytes = await expand(own, concat(utf8("ringfence/recording-file/v1|"), salt));
  own.fill(0);
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
  bytes.fill(0);
  return key;
}

/** One block of HKDF-Expand (RFC 5869, section 2.3) with SHA-256. */
async function expand(bytes, info) {
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, concat(info, Uint8Array.of(1))));
}
