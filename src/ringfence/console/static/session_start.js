// Signing in at either console: a passkey for the person, and a key of this browser's own for the session.
import { post } from "./asking.js";
import { hasKey, keepKey, newKey } from "./session_key.js";

const TRIED = "ringfence-tried";
// Addresses of workers are scripts to Trusted Types: one policy, which knows one address.
const worker = globalThis.trustedTypes?.createPolicy("ringfence-worker", { createScriptURL: () => "/worker.js" });

/**
 * A first visit, or a reload round the worker, came without a signature: once, it is asked again through the worker.
 * Whether that was done.
 */
export async function comeBack() {
  const registration = await navigator.serviceWorker?.getRegistration();
  const here = location.pathname + location.search;
  if (here.startsWith("/sign-in") || sessionStorage.getItem(TRIED) === here) {
    sessionStorage.removeItem(TRIED);
    return false;
  }
  if (!registration?.active || !(await hasKey())) return false;
  sessionStorage.setItem(TRIED, here);
  location.reload();
  return true;
}

/** What signs the session's requests from now on. */
export async function registerWorker() {
  await navigator.serviceWorker.register(worker?.createScriptURL("") ?? "/worker.js");
  await navigator.serviceWorker.ready;
}

/** Open a session: `show` is given the options and shows a passkey; what the server says of the one shown. */
export async function startSession(show) {
  const { public_jwk, kept } = await newKey();
  const asked = await post("/sign-in/options", { key: public_jwk });
  const ahead_ms = asked.now_ms - Date.now();
  const answer = await show(asked.options);
  await registerWorker();
  const opened = await post("/sign-in", { ceremony: asked.ceremony, answer });
  await keepKey(kept, ahead_ms);
  return opened;
}

/** To the page that was asked for. */
export function goOn() {
  location.replace(location.pathname === "/sign-in" ? "/" : location.href);
}
