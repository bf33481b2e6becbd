// Signs every request of the signed-in pages with the session's key, which no script can read out of the browser.
// Source: RFC 9421, RFC 9530. It imports nothing, so that every browser with service workers runs it.

const OPEN = /^\/(?:assets\/|healthz$|worker\.js$|live$|sign-in(?:\/options)?$|join(?:\/options)?$|sso\/(?:begin|callback|finish)$)/;
const LABEL = "ringfence";
const MOVED_MS = 10_000;
const LOOKED_AT = "/tenants/";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const byForm = event.request.mode === "navigate" && event.request.method !== "GET";
  // Nothing of ours is sent by a form: this one may be another site's, and goes unsigned.
  if (url.origin !== location.origin || OPEN.test(url.pathname) || byForm) return;
  event.respondWith(isLured(event.request, url) ? Response.redirect("/tenants", 303) : signed(event.request));
});

// To open a page of a tenant is a look, in that tenant's ledger under its reader's name: a link of ours leads there. Another
// site's must not, and only this worker sees whose it was, since what it sends itself comes from here.
function isLured(request, url) {
  if (request.mode !== "navigate" || !url.pathname.startsWith(LOOKED_AT)) return false;
  return !request.referrer || new URL(request.referrer).origin !== location.origin;
}

async function signed(request) {
  // Asked every time: a page may have signed in anew, and the browser may have stopped this worker since.
  const kept = await keptKeys("readonly", (keys) => keys.get("session"));
  const url = new URL(request.url);
  url.hash = "";
  // The server does not see a question mark that nothing follows.
  if (!url.search) url.search = "";
  const bodiless = request.method === "GET" || request.method === "HEAD";
  const body = bodiless ? new ArrayBuffer(0) : await request.arrayBuffer();
  const ask = async () => {
    const headers = new Headers(request.headers);
    if (kept) await sign(headers, kept, request.method, url.href, body);
    return fetch(url.href, {
      method: request.method,
      headers,
      body: body.byteLength ? body : undefined,
      credentials: "same-origin",
      redirect: request.mode === "navigate" ? "manual" : request.redirect,
      cache: "no-store",
      signal: request.signal,
    });
  };
  const response = await ask();
  // A clock was set since the sign-in, this machine's or the server's: what was signed seems old, or yet to come.
  const ahead_ms = Number(response.headers.get("ringfence-now")) - Date.now();
  if (response.status !== 401 || !kept || Math.abs(ahead_ms - kept.ahead_ms) < MOVED_MS) return response;
  kept.ahead_ms = ahead_ms;
  await keptKeys("readwrite", (keys) => keys.put(kept, "session"));
  return ask();
}

async function sign(headers, kept, method, target, body) {
  const lines = [`"@method": ${method}`, `"@target-uri": ${target}`];
  let covered = '"@method" "@target-uri"';
  if (body.byteLength) {
    const digest = `sha-256=:${base64(await crypto.subtle.digest("SHA-256", body))}:`;
    headers.set("content-digest", digest);
    lines.push(`"content-digest": ${digest}`);
    covered += ' "content-digest"';
  }
  const created = Math.floor((Date.now() + kept.ahead_ms) / 1000);
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const parameters = `(${covered});created=${created};nonce="${nonce}";keyid="${kept.id}";alg="ecdsa-p256-sha256"`;
  lines.push(`"@signature-params": ${parameters}`);
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, kept.key, new TextEncoder().encode(lines.join("\n")));
  headers.set("signature-input", `${LABEL}=${parameters}`);
  headers.set("signature", `${LABEL}=:${base64(signature)}:`);
}

function keptKeys(mode, ask) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ringfence-session", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("keys", mode);
      const asked = ask(transaction.objectStore("keys"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
      opening.result.close();
    };
  });
}

function base64(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function base64url(bytes) {
  return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
