// The key service's public key for grants, from this page's own origin: who frames us cannot name another.

import { fromBase64url } from "./crypto/bytes.js";
import { PUBLIC_BYTES } from "./crypto/xwing.js";
import { Refused } from "./refused.js";

/** 1,216 bytes, a public key of the hybrid. Refused where our origin does not tell it, or is redirected. */
export async function grantKeeper() {
  const asked = { credentials: "omit", redirect: "error" };
  const told = await fetch("/installation.json", asked)
    .then((answer) => answer.json())
    .catch(() => ({}));
  const keeper = typeof told.grant_keeper === "string" ? fromBase64url(told.grant_keeper) : new Uint8Array();
  if (keeper.length !== PUBLIC_BYTES) throw new Refused("away", "The key origin does not tell the key service's key: try it again.");
  return keeper;
}
