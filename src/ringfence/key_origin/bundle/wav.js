// µ-law samples as a WAV file of 16 bits. Source: ITU-T G.711, table 2; Microsoft's RIFF WAVE.

import { utf8 } from "./crypto/bytes.js";

const HEADER_BYTES = 44;
const BIAS = 132;
const SAMPLES = Int16Array.from({ length: 256 }, (_, code) => {
  const turned = ~code & 0xff;
  const size = ((((turned & 15) << 3) + BIAS) << ((turned >> 4) & 7)) - BIAS;
  return turned & 0x80 ? -size : size;
});

/** The file's bytes; `sound` are the channels' samples in turn. */
export function wavOf({ sound, channels, rate_hz }) {
  const frame = 2 * channels;
  const file = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * sound.length));
  const name = (at, four) => new Uint8Array(file.buffer).set(utf8(four), at);
  name(0, "RIFF");
  file.setUint32(4, HEADER_BYTES - 8 + 2 * sound.length, true);
  name(8, "WAVE");
  name(12, "fmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, channels, true);
  file.setUint32(24, rate_hz, true);
  file.setUint32(28, rate_hz * frame, true);
  file.setUint16(32, frame, true);
  file.setUint16(34, 16, true);
  name(36, "data");
  file.setUint32(40, 2 * sound.length, true);
  for (let at = 0; at < sound.length; at += 1) file.setInt16(HEADER_BYTES + 2 * at, SAMPLES[sound[at]], true);
  return new Uint8Array(file.buffer);
}
