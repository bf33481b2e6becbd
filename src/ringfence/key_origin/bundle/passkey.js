// Passkeys of this origin. What a PRF gives never leaves this module but as a slot, and what is sent of an answer is
// named field by field: written as JSON, a credential as a whole holds that output too.
// Source: WebAuthn Level 3, sections 5.1.3, 5.1.4 and 10.1.4 (prf).

import { fromBase64url, toBase64url, utf8 } from "./crypto/bytes.js";
import { passkeySlot, slotOfPasskey } from "./crypto/slots.js";
import { Refused } from "./refused.js";

// One input for all: who signs in is not known before.
const PRF = { eval: { first: utf8("ringfence/content-slot/v1") } };

/** Shows a passkey: `answer` proves it to a server, `slot` opens its content keys, null where it has no PRF. */
export async function showPasskey(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      rpId: location.hostname,
      challenge: fromBase64url(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map((each) => ({ ...each, id: fromBase64url(each.id) })),
      extensions: { prf: PRF },
    },
  });
  return {
    answer: written(credential, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    ...(await slotIn(credential)),
  };
}

/** Makes a passkey; as `showPasskey`. Some authenticators give what their PRF says only when they are shown again. */
export async function makePasskey(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      rp: { ...options.rp, id: location.hostname },
      challenge: fromBase64url(options.challenge),
      user: { ...options.user, id: fromBase64url(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map((each) => ({ ...each, id: fromBase64url(each.id) })),
      extensions: { prf: PRF },
    },
  });
  const answer = written(credential, ["clientDataJSON", "attestationObject"]);
  answer.response.transports = credential.response.getTransports?.() ?? [];
  const made = await slotIn(credential);
  if (made.slot || credential.getClientExtensionResults().prf?.enabled !== true) return { answer, ...made };
  const again = await navigator.credentials.get({
    publicKey: {
      rpId: location.hostname,
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      userVerification: "required",
      allowCredentials: [{ type: "public-key", id: credential.rawId }],
      extensions: { prf: PRF },
    },
  });
  return { answer, ...(await slotIn(again)) };
}

/** Refused where this browser has no passkeys. */
export function needPasskeys() {
  if (!window.PublicKeyCredential) throw new Refused("passkeys", "This browser has no passkeys here: https, or another browser.");
}

async function slotIn(credential) {
  const name = await passkeySlot(new Uint8Array(credential.rawId));
  const output = credential.getClientExtensionResults().prf?.results?.first;
  if (!output) return { name, slot: null };
  const bytes = new Uint8Array(output.slice?.(0) ?? output);
  try {
    return { name, slot: await slotOfPasskey(bytes, name) };
  } finally {
    bytes.fill(0);
  }
}

function written(credential, fields) {
  const response = {};
  for (const field of fields) {
    if (credential.response[field]) response[field] = toBase64url(new Uint8Array(credential.response[field]));
  }
  return { id: credential.id, rawId: toBase64url(new Uint8Array(credential.rawId)), type: credential.type, response };
}
