// The one Trusted Types policy: a worker is started from these files and no other; markup is never parsed.

const SCRIPTS = { worker: "/crypto/argon2_worker.js", service: "/service_worker.js" };

const policy = globalThis.trustedTypes?.createPolicy("own-scripts", {
  createScriptURL(name) {
    if (!Object.hasOwn(SCRIPTS, name)) throw new TypeError(`No script of this app: ${name}`);
    return SCRIPTS[name];
  },
});

export const scriptUrl = (name) => policy?.createScriptURL(name) ?? SCRIPTS[name];
