// DHKEM(X25519, HKDF-SHA256), KEM 0x0020 of HPKE. Source: RFC 9180, section 4.1.

import { bigEndian, concat, utf8 } from "./bytes.js";
import { derived } from "./labeled_hkdf.js";
import { KEY_BYTES, agreed, newPair } from "./x25519.js";

export const ID = 0x0020;
export const ENCAPSULATED_BYTES = KEY_BYTES;
const SUITE = concat(utf8("KEM"), bigEndian(ID, 2));

/** {shared, encapsulated}, 32 bytes each, for whoever owns `publicBytes`. */
export async function encapsulate(publicBytes, { ephemeral = null } = {}) {
  const pair = ephemeral ?? (await newPair());
  const shared = await sharedOf(await agreed(pair.privateKey, publicBytes), pair.publicBytes, publicBytes);
  return { shared, encapsulated: pair.publicBytes };
}

/** What was shared with the owner of `pair`. */
export async function decapsulate(pair, encapsulated) {
  return sharedOf(await agreed(pair.privateKey, encapsulated), encapsulated, pair.publicBytes);
}

const sharedOf = (dh, encapsulated, publicBytes) =>
  derived(SUITE, ["eae_prk", dh], ["shared_secret", concat(encapsulated, publicBytes)], KEY_BYTES);
