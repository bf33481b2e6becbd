// A Merkle tree's proofs, checked. Source: RFC 9162, sections 2.1.1, 2.1.3.2 and 2.1.4.2.

import { concat, equal, sha256 } from "./bytes.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const node = (left, right) => sha256(concat(NODE, left, right));

/** The hash of a leaf; what it binds to is `leaf`. */
export const leafHash = (leaf) => sha256(concat(LEAF, leaf));

/** Whether the leaf of this hash is the `index`th of the tree of this size and root. Sizes are below 2^53. */
export async function isIncluded(index, size, leaf, proof, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  const [found, end] = await climb(index, size - 1, proof, [leaf]);
  return end === 0 && equal(found[0], root);
}

/** Whether the tree of `oldSize` and `oldRoot` is the beginning of that of `size` and `root`. */
export async function isBeginning(oldSize, oldRoot, size, root, proof) {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(size) || oldSize < 1 || oldSize > size) return false;
  if (oldSize === size) return proof.length === 0 && equal(oldRoot, root);
  // Of a power of two the older root is itself the first step.
  const steps = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...proof] : proof;
  if (!steps.length) return false;
  let at = oldSize - 1;
  let last = size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const [found, end] = await climb(at, last, steps.slice(1), [steps[0], steps[0]]);
  return end === 0 && equal(found[0], oldRoot) && equal(found[1], root);
}

const half = (number) => Math.floor(number / 2);

/** Follows a path upwards. The first of two values stays as it is where the path goes past the older tree. */
async function climb(index, end, proof, values) {
  let at = index;
  let last = end;
  let found = values;
  for (const step of proof) {
    if (last === 0 || step.length !== 32) return [found, -1];
    if (at % 2 === 1 || at === last) {
      found = await Promise.all(found.map((value) => node(step, value)));
      while (at > 0 && at % 2 === 0) [at, last] = [half(at), half(last)];
    } else {
      found[found.length - 1] = await node(found.at(-1), step);
    }
    [at, last] = [half(at), half(last)];
  }
  return [found, last];
}
