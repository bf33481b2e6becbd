// Signing in: a passkey in the key origin's frame, and a key of this browser's own for the session.
import { post, tell } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { hasKey, keepKey, newKey } from "./session_key.js";

const TRIED = "ringfence-tried";
const worker = globalThis.trustedTypes?.createPolicy("ringfence-worker", { createScriptURL: () => "/worker.js" });

if (!(await comeBack())) await signIn();

// A first visit, or a reload round the worker, came without a signature: once, it is asked again through the worker.
async function comeBack() {
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

async function signIn() {
  try {
    const { public_jwk, kept } = await newKey();
    const asked = await post("/sign-in/options", { key: public_jwk });
    const ahead_ms = asked.now_ms - Date.now();
    const { answer, opens } = await askKeys("sign_in", { options: asked.options });
    await navigator.serviceWorker.register(worker?.createScriptURL("") ?? "/worker.js");
    await navigator.serviceWorker.ready;
    const { account, credential, boxes } = await post("/sign-in", { ceremony: asked.ceremony, answer });
    await keepKey(kept, ahead_ms);
    // What another member of the account left open in this browser is not this one's to read with.
    if (opens && boxes.length) await askKeys("unlock", { account, credential, boxes });
    else await askKeys("lock");
    location.replace(location.pathname === "/sign-in" ? "/" : location.href);
  } catch (error) {
    tell(error.message);
    setTimeout(signIn, 1_000);
  }
}
