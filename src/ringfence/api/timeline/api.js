// The timeline resource, as this page uses it.

/** The server said no: `status`, and its words. */
export class RefusedError extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

export function isCall(sid) {
  return sid.startsWith("CA");
}

export function isVerification(sid) {
  return sid.startsWith("VE");
}

export function readTimeline(credential, sid) {
  const kind = isVerification(sid) ? "Verifications" : isCall(sid) ? "Calls" : "Messages";
  return request("GET", `/ringfence/v1/Accounts/${encodeURIComponent(credential.account)}/${kind}/${encodeURIComponent(sid)}/Timeline`, credential);
}

export function replay(credential, url) {
  return request("POST", url, credential);
}

async function request(method, path, { user, secret }) {
  const basic = btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${secret}`)));
  let response;
  try {
    // Without its own credentials the browser asks nobody for a password.
    response = await fetch(path, { method, credentials: "omit", cache: "no-store", headers: { authorization: `Basic ${basic}` } });
  } catch {
    throw new RefusedError(0, "The server does not answer. It is tried again.");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new RefusedError(response.status, answer?.message ?? `The server answered ${response.status}.`);
  return answer;
}
