// Networks as people write them, read as domain/allowed_networks.py reads them: CIDR or single addresses.

import { Refused } from "./refused.js";

const MOST = 50;
const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const MAPPED = 0xffffn << 32n;

/** The networks of a text, with white space or commas between, each [address, bits of its prefix, bits of an address]. */
export function readNetworks(written) {
  const words = written.split(/[\s,]+/).filter(Boolean);
  if (words.length > MOST) throw new Refused("networks", `At most ${MOST} networks.`);
  return words.map((word) => {
    const [address, prefix, ...more] = word.split("/");
    const read = addressOf(address);
    const bits = prefix === undefined ? read?.width : Number(prefix);
    const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix);
    if (!read || more.length || !isPrefix || bits > read.width || read.value & ((1n << BigInt(read.width - bits)) - 1n)) {
      throw new Refused("networks", `This is no network: ${word}. One is written as 192.0.2.0/24 or 2001:db8::/32.`);
    }
    return { ...read, bits };
  });
}

/** Whether an address lies in one of them; false for what is no address. */
export function holds(networks, address) {
  const asked = addressOf(address.split("%")[0]);
  if (!asked) return false;
  const { value, width } = asked.width === 128 && asked.value >> 32n === 0xffffn ? { value: asked.value ^ MAPPED, width: 32 } : asked;
  return networks.some((network) => network.width === width && value >> BigInt(width - network.bits) === network.value >> BigInt(width - network.bits));
}

/** {value, width} of an address, or null. */
function addressOf(written) {
  const v4 = V4.exec(written);
  if (v4) {
    const parts = v4.slice(1).map(Number);
    return parts.every((part, at) => part < 256 && String(part) === v4[at + 1]) ? { value: BigInt(parts.reduce((all, part) => 256 * all + part, 0)), width: 32 } : null;
  }
  if (!/^[0-9a-fA-F:.]+$/.test(written) || !URL.canParse(`http://[${written}]`)) return null;
  // As the browser writes it: eight groups of hex, the longest run of zeros left out.
  const [head, tail] = new URL(`http://[${written}]`).hostname.slice(1, -1).split("::");
  const groups = (half) => (half ? half.split(":") : []);
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array(missing).fill("0"), ...groups(tail)];
  return { value: all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}
