// Keeps the app on this device, so that codes need no network. What it keeps is named here with its digest: a file that
// is another one is not taken, and one digest, that of this file, stands for the whole app.

// release: written by `python -m server.release`
const FILES = {
  "/app.css": "sha256-aTKXsAouHaxXx3ARHesQp7ewNRspA9AFQJ9mp7+Y9iU=",
  "/app.js": "sha256-5/jUDjnPv0PVJKq5guABUKyK06GJqSMNcXprxwrks1Y=",
  "/backup.js": "sha256-NUGFxG9iXYj2LcN1RLLuowhrmp1C4SC6zgT72RPxdYk=",
  "/crypto/argon2_worker.js": "sha256-rERnpP/tsle4Y/v9MCmD47nWQmrqg4iJwTeheWwQ65o=",
  "/crypto/argon2id.js": "sha256-bSHFGwz715hX3Ps5CyQIp5fNnR0cqZ4VAx8J7VAzr8Y=",
  "/crypto/blake2b.js": "sha256-RgCSgxveL8DnXYkdYsE7WfIvmpEZRtTGJPGW0a0tjaA=",
  "/crypto/bytes.js": "sha256-EQANw3wNbsVWaoh2KpQ02vBQCYfgYk0g/FH/0aW/Uj4=",
  "/crypto/envelope.js": "sha256-GMDk9EzWmZz4OS/ZYYrOrg5k/iX9J/D0VmMVejKobo8=",
  "/crypto/hpke.js": "sha256-mw+aIshtyTtbnDih5VpGc+mncfIsPp6Ai1yhHCR6RWw=",
  "/crypto/signing.js": "sha256-pxDWFJG+JsRIfmJ6pCVuhHQd4uHQbCBYnLDppywj4+I=",
  "/crypto/stretch.js": "sha256-swfQ6VPEZYrgp730I4vrKCbvmBT/ZLvQGUq7uPpZYok=",
  "/device/account_key.js": "sha256-hY4tuCL30VnHeDYb86oiVmYTCJ2wQKk4F/73i73WXPA=",
  "/device/approvals.js": "sha256-myFALlVyj3efSokucVZNtovLWIk56+PKG1asROOy5Fo=",
  "/device/identity.js": "sha256-KS8kgwi4ttnvFoqiLgZ60sWnmRI5e7Q5IPNS7LLe5ss=",
  "/device/join.js": "sha256-S45JqOFst+u6wnOhVcU+6c91+wWjNLMfwBi8NkIBzM0=",
  "/device/joining.js": "sha256-FosR4uMnK7wcnRNm0Q3kf8zXnCQQlSq0IbrlA774lFs=",
  "/device/local_store.js": "sha256-Ubq0NuoDkGZwM+d5i6uDD7eXXqOl6T3q6BcMtkFUj7A=",
  "/device/log.js": "sha256-9hPN1ahH//0A2/N3cPzvpmtUazyw7YZvu/5XZ6xDjYU=",
  "/device/member.js": "sha256-QJYw3S8U7oi6blqpGQa8z3cxU4lfsHjzZxivW4KlpOo=",
  "/device/server.js": "sha256-bEe8xX60foUoBHgnExeDQEy6UyYaT/gmdv1QtSWRUzU=",
  "/icons/icon-192.png": "sha256-3H1S1c1tNuKIp8nmufs32wsB9aa5/QBqNcyAUVD2L30=",
  "/icons/icon-512.png": "sha256-UqXqdKTPmKbq03vICEyHc30gA2i0IKq49bHVR2rabaI=",
  "/icons/icon.svg": "sha256-JfS8Wba4GShJswEJ35PPMEiJ47T9+A61R6SXdqpF+0A=",
  "/icons/maskable-512.png": "sha256-/svS8rUGzKQZ3P5Wg7dUpOWO/fcZogM1xZqlu12Pq1M=",
  "/index.html": "sha256-QeZ0aGqo6VADKM479yFohJhP+RbwCvQT5IkyGqd2Atc=",
  "/manifest.webmanifest": "sha256-o3X6ylEWxQn2vVDnOewXfIFPFmwZ7lxiMxRIyUnXwS8=",
  "/otp/otpauth.js": "sha256-NgklcYKBac3i9DgElRJOtU0Yq/n3EvKFbxZAqcgGFmg=",
  "/otp/totp.js": "sha256-WqPJDBoVeYmKXCINiPU5NghexIsykNCtnxpdu4GPXH8=",
  "/refused.js": "sha256-AHWcU/VAniRwXoKIblqWG6hG5r+9xhZzsKMbdilWa+0=",
  "/session.js": "sha256-/2AlUnfjrvjDAIHTKQ2uH61xlClm7Lv1z4LLZJAEpIg=",
  "/strength.js": "sha256-UPuEC5MJ4W4pG6bi9C2DzZoP70013vsIONSc0BPM/dA=",
  "/trusted.js": "sha256-+9193W9tBJeTjFmoDPQudaeqzlmUGEYTCKQxKIEcGSw=",
  "/ui/add_account.js": "sha256-9gMSWq6gArO6F/bmrIgbTWKTuQaTduONlv59BjIAxKA=",
  "/ui/approvals_view.js": "sha256-v4oFrGyYVmezZoFKe59OHXzaInzRYzjgMXf/uaocHXc=",
  "/ui/backup_view.js": "sha256-+Opaj+xnPCDWjssp4CQpZiY/ZuToGJR2sE6U77+I1Ac=",
  "/ui/codes_view.js": "sha256-qGgE7f+FP68rI+dapciMHhqhNkqLh7AAR5PqMRyqq64=",
  "/ui/devices_view.js": "sha256-BoZScjzZ4JZCQW1QlmX6YeovZ+7gSTTrWMkeT0OvDtc=",
  "/ui/dom.js": "sha256-XKZF27/8GyySYOAmFzMnDNQra4xZzPWWDJ/7FWH34Ys=",
  "/ui/lock_view.js": "sha256-yg7ScYOkCn+WCgE40UYSZpql/+mPeLVB/HDH8IDlRdA=",
  "/ui/scanner.js": "sha256-y7PLQAuwGkbFDR/1ZqriOtvkCvvk2C0lDYaITrBJpeE=",
  "/vault.js": "sha256-t54YOysmTWB312QieoXM1vO4qGOp1tqCkqUbv6i2amA=",
};
// end of release

const PREFIX = "authenticator-";

async function cacheName() {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(FILES)));
  return PREFIX + Array.from(new Uint8Array(digest).slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(take()));
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const path = url.pathname === "/" ? "/index.html" : url.pathname;
  if (event.request.method === "GET" && url.origin === location.origin && Object.hasOwn(FILES, path)) event.respondWith(kept(path, event.request));
});

async function keep() {
  const cache = await caches.open(await cacheName());
  await Promise.all(
    Object.entries(FILES).map(async ([path, integrity]) => {
      const response = await fetch(path, { integrity, cache: "no-cache" });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      await cache.put(path, response);
    }),
  );
  await skipWaiting();
}

async function take() {
  const current = await cacheName();
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== current) await caches.delete(name);
  await clients.claim();
}

async function kept(path, request) {
  const cache = await caches.open(await cacheName());
  return (await cache.match(path)) ?? fetch(request);
}
