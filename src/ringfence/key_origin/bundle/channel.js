// What a console may ask of this frame: verbs by name, each answered to the very window and origin that asked. Which
// origins may frame us at all is the server's to say (frame-ancestors); anybody else is not listened to.

import { inWords, leaveForm } from "./dom.js";
import { Refused } from "./refused.js";

/** Answer the page that frames us. `verbs` take what was asked, an object, and give an object that holds no key. */
export function listen(verbs) {
  const console = window.parent;
  if (console === window) return false;
  const known = window.location.ancestorOrigins?.[0];
  let busy = Promise.resolve();
  window.addEventListener("message", (event) => {
    if (event.source !== console || (known !== undefined && event.origin !== known)) return;
    const { ringfence, id, verb, ...asked } = event.data ?? {};
    if (ringfence !== 1 || typeof id !== "number" || typeof verb !== "string") return;
    leaveForm();
    // One after the other: what is shown belongs to one of them.
    busy = busy.then(() => answer(event.origin, id, verb, asked));
  });
  console.postMessage({ ringfence: 1, ready: true }, known ?? "*");
  return true;

  async function answer(origin, id, verb, asked) {
    let told;
    try {
      if (!Object.hasOwn(verbs, verb)) throw new Refused("verb", "This is not asked here.");
      told = { value: (await verbs[verb](asked)) ?? {} };
    } catch (problem) {
      told = { refused: { code: problem instanceof Refused ? problem.code : problem.name, message: inWords(problem) } };
    }
    console.postMessage({ ringfence: 1, id, ...told }, origin);
  }
}
