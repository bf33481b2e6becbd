// Who reads: the account's own credential. It stays in this tab and goes nowhere but into requests to this origin.

const KEY = "ringfence.timeline";

/** {account, user, secret}, or null. `user` is the account's SID, or that of an API key. */
export function signedIn() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function signIn(credential) {
  sessionStorage.setItem(KEY, JSON.stringify(credential));
}

export function signOut() {
  sessionStorage.removeItem(KEY);
}

/** Sign in by the link that was opened, once: it names a parcel, and holds the key to it. False where there is none. */
export async function signInByLink() {
  const found = /^#k=([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/.exec(location.hash);
  if (!found) return false;
  // Neither the history nor a copied address keeps the key.
  history.replaceState(null, "", location.pathname);
  const response = await fetch(`/timeline/parcels/${found[1]}`, { method: "POST", credentials: "omit" });
  if (!response.ok) return false;
  const { sealed } = await response.json();
  const key = await crypto.subtle.importKey("raw", bytes(found[2]), "AES-GCM", false, ["decrypt"]);
  const parcel = bytes(sealed);
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: parcel.slice(0, 12) }, key, parcel.slice(12));
  signIn(JSON.parse(new TextDecoder().decode(opened)));
  return true;
}

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
