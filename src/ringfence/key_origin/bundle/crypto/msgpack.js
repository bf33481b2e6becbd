// MessagePack, as much of it as sealed records hold: nil, booleans, numbers, texts, bytes, arrays, maps.
// Source: the format's specification at msgpack.org.

import { Refused } from "../refused.js";
import { text } from "./bytes.js";

/** The one value that `bytes` hold, or Refused. Maps become Maps; integers beyond 2^53 are refused. */
export function decode(bytes) {
  const reader = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 };
  try {
    const value = read(reader);
    if (reader.at === bytes.length) return value;
  } catch (problem) {
    if (!(problem instanceof RangeError || problem instanceof TypeError)) throw problem;
  }
  throw broken();
}

const broken = () => new Refused("record", "This record is not written as it should be.");

function read(reader) {
  const kind = number(reader, "getUint8", 1);
  if (kind < 0x80) return kind;
  if (kind < 0x90) return map(reader, kind & 0x0f);
  if (kind < 0xa0) return array(reader, kind & 0x0f);
  if (kind < 0xc0) return text(take(reader, kind & 0x1f));
  if (kind >= 0xe0) return kind - 0x100;
  const step = STEPS[kind];
  if (step === undefined) throw broken();
  return step(reader);
}

const u8 = (reader) => number(reader, "getUint8", 1);
const u16 = (reader) => number(reader, "getUint16", 2);
const u32 = (reader) => number(reader, "getUint32", 4);

const STEPS = {
  0xc0: () => null,
  0xc2: () => false,
  0xc3: () => true,
  0xc4: (reader) => take(reader, u8(reader)),
  0xc5: (reader) => take(reader, u16(reader)),
  0xc6: (reader) => take(reader, u32(reader)),
  0xca: (reader) => number(reader, "getFloat32", 4),
  0xcb: (reader) => number(reader, "getFloat64", 8),
  0xcc: u8,
  0xcd: u16,
  0xce: u32,
  0xcf: (reader) => safe(number(reader, "getBigUint64", 8)),
  0xd0: (reader) => number(reader, "getInt8", 1),
  0xd1: (reader) => number(reader, "getInt16", 2),
  0xd2: (reader) => number(reader, "getInt32", 4),
  0xd3: (reader) => safe(number(reader, "getBigInt64", 8)),
  0xd9: (reader) => text(take(reader, u8(reader))),
  0xda: (reader) => text(take(reader, u16(reader))),
  0xdb: (reader) => text(take(reader, u32(reader))),
  0xdc: (reader) => array(reader, u16(reader)),
  0xdd: (reader) => array(reader, u32(reader)),
  0xde: (reader) => map(reader, u16(reader)),
  0xdf: (reader) => map(reader, u32(reader)),
};

function number(reader, getter, length) {
  const value = reader.view[getter](reader.at);
  reader.at += length;
  return value;
}

function safe(big) {
  const value = Number(big);
  if (!Number.isSafeInteger(value)) throw broken();
  return value;
}

function take(reader, length) {
  if (reader.at + length > reader.bytes.length) throw broken();
  reader.at += length;
  return reader.bytes.slice(reader.at - length, reader.at);
}

function array(reader, length) {
  if (length > reader.bytes.length) throw broken();
  const values = [];
  for (let left = length; left > 0; left -= 1) values.push(read(reader));
  return values;
}

function map(reader, length) {
  if (length > reader.bytes.length) throw broken();
  const values = new Map();
  for (let left = length; left > 0; left -= 1) {
    const key = read(reader);
    values.set(key, read(reader));
  }
  return values;
}
