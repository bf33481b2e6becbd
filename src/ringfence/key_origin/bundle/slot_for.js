// A new passkey's slot as the key service takes it: content keys sealed to it, and the proof that we hold them.

import { toBase64url, EMPTY } from "./crypto/bytes.js";
import { contentPair, pairFor, proveSlot, sealContentKeys } from "./crypto/slots.js";

/**
 * `made` is what `makePasskey` gave: without a PRF there is nothing to seal to, and the proof is all of it.
 * `keys` are the content keys, [{generation, bytes}], the present one last.
 */
export async function slotFor(made, account, keys, proofKey) {
  const { generation, bytes } = keys.at(-1);
  const present = await contentPair(bytes);
  const publicBytes = made.slot ? pairFor(made.slot, present).publicBytes : EMPTY;
  const boxes = made.slot ? await sealContentKeys(keys, account, made.name, publicBytes) : [];
  const what = { account, credential: made.name, generation, publicBytes, boxes };
  const proof = await proveSlot(present, proofKey, what);
  return {
    credential: made.name,
    public: toBase64url(publicBytes),
    boxes: boxes.map(([number, box]) => [number, toBase64url(box)]),
    proof_key: toBase64url(proofKey),
    proof: toBase64url(proof),
  };
}
