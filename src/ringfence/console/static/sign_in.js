// Signing in: a passkey for the person, and a key of this browser's own for the session.
import { post, tell } from "./asking.js";
import { showPasskey, whyNot } from "./passkey.js";
import { hasKey, keepKey, newKey } from "./session_key.js";

const TRIED = "ringfence-tried";
// Addresses of workers are scripts to Trusted Types: one policy, which knows one address.
const worker = globalThis.trustedTypes?.createPolicy("ringfence-worker", { createScriptURL: () => "/worker.js" });

const button = document.getElementById("sign-in");
button.addEventListener("click", signIn);
await comeBack();

// A first visit, or a reload round the worker, came without a signature: once, it is asked again through the worker.
async function comeBack() {
  const registration = await navigator.serviceWorker?.getRegistration();
  const here = location.pathname + location.search;
  if (here.startsWith("/sign-in") || sessionStorage.getItem(TRIED) === here) {
    sessionStorage.removeItem(TRIED);
  } else if (registration?.active && (await hasKey())) {
    sessionStorage.setItem(TRIED, here);
    location.reload();
  }
}

async function signIn() {
  button.disabled = true;
  try {
    const { public_jwk, kept } = await newKey();
    const asked = await post("/sign-in/options", { key: public_jwk });
    const ahead_ms = asked.now_ms - Date.now();
    const answer = await showPasskey(asked.options);
    await navigator.serviceWorker.register(worker?.createScriptURL("") ?? "/worker.js");
    await navigator.serviceWorker.ready;
    await post("/sign-in", { ceremony: asked.ceremony, answer });
    await keepKey(kept, ahead_ms);
    location.replace(location.pathname === "/sign-in" ? "/" : location.href);
  } catch (error) {
    tell(whyNot(error));
    button.disabled = false;
  }
}
