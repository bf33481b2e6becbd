// A browser's passkeys. What is sent of an answer is named field by field: a credential as a whole may hold more than
// its reader should see.
import { fromBase64url, toBase64url } from "./base64url.js";

/** What `navigator.credentials.get` proves, for options as the server writes them. */
export async function showPasskey(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: fromBase64url(options.challenge),
      allowCredentials: options.allowCredentials.map((each) => ({ ...each, id: fromBase64url(each.id) })),
    },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: toBase64url(clientDataJSON),
      authenticatorData: toBase64url(authenticatorData),
      signature: toBase64url(signature),
      userHandle: userHandle && toBase64url(userHandle),
    },
  };
}

/** What `navigator.credentials.create` makes, for options as the server writes them. */
export async function makePasskey(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: fromBase64url(options.challenge),
      user: { ...options.user, id: fromBase64url(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((each) => ({ ...each, id: fromBase64url(each.id) })),
    },
  });
  const { clientDataJSON, attestationObject } = credential.response;
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: toBase64url(clientDataJSON),
      attestationObject: toBase64url(attestationObject),
      transports: credential.response.getTransports?.() ?? [],
    },
  };
}

/** Why a ceremony failed, in words. */
export function whyNot(error) {
  if (error.name === "NotAllowedError") return "The passkey was not shown, or not in time.";
  if (error.name === "InvalidStateError") return "This authenticator has a passkey here already.";
  if (error.name === "SecurityError") return "Passkeys do not work under this address.";
  return error.message;
}
