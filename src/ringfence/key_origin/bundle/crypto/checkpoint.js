// A log's signed checkpoint. Source: C2SP, signed-note and tlog-checkpoint.

import { Refused } from "../refused.js";
import { concat, equal, sha256, utf8 } from "./bytes.js";

const ED25519 = 1;
const refused = (message) => new Refused("checkpoint", message);

/** {origin, size, root} of a note that `verifier`, name+id+key, signed; Refused else. */
export async function openCheckpoint(note, verifier) {
  const [name, id, encoded] = split(verifier, "+");
  const key = base64(encoded);
  const hashed = await sha256(concat(utf8(`${name}\n`), key));
  if (key.length !== 33 || key[0] !== ED25519 || hexOf(hashed.slice(0, 4)) !== id) throw refused("That is no key of a ledger.");
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw refused("That is no checkpoint.");
  const text = note.slice(0, end + 1);
  const mine = `— ${name} `;
  for (const line of note.slice(end + 2, -1).split("\n")) {
    if (!line.startsWith(mine)) continue;
    const held = base64(line.slice(mine.length));
    if (equal(held.slice(0, 4), hashed.slice(0, 4)) && (await isSigned(key.slice(1), held.slice(4), utf8(text)))) return parsed(text);
  }
  throw refused("The checkpoint is not signed by the ledger's key.");
}

async function isSigned(key, signature, message) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    throw refused("This browser has no Ed25519 in its WebCrypto: a newer one checks the ledger.");
  }
}

function parsed(text) {
  const [origin, size, root] = text.split("\n");
  const found = { origin, size: Number(size), root: base64(root) };
  if (!origin || !/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(found.size) || found.root.length !== 32) {
    throw refused("That is no checkpoint.");
  }
  return found;
}

function split(text, mark) {
  const parts = String(text).split(mark);
  if (parts.length < 3) throw refused("That is no key of a ledger.");
  return [parts[0], parts[1], parts.slice(2).join(mark)];
}

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function base64(written) {
  try {
    return Uint8Array.from(atob(written), (char) => char.charCodeAt(0));
  } catch {
    throw refused("A hash is not written as it should be.");
  }
}
