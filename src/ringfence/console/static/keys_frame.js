// The key origin's frame in this page: asked by verb, answered without a key and without content.

const frame = document.getElementById("keys");
const origin = frame ? new URL(frame.src).origin : "";
let last = 0;

const ready = new Promise((resolve) => {
  if (!frame) return;
  addEventListener("message", function heard(event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    if (event.data?.ready !== true && event.data?.id !== 0) return;
    removeEventListener("message", heard);
    resolve();
  });
  // It may have said that it listens before this page did.
  frame.contentWindow.postMessage({ ringfence: 1, id: 0, verb: "state" }, origin);
});

/** What the frame answers; an Error with its words where it refuses. A person may have to do something in it first. */
export async function askKeys(verb, asked = {}) {
  await ready;
  const id = (last += 1);
  return new Promise((resolve, reject) => {
    addEventListener("message", function heard(event) {
      if (event.origin !== origin || event.source !== frame.contentWindow || event.data?.id !== id) return;
      removeEventListener("message", heard);
      const { value, refused } = event.data;
      if (refused) reject(Object.assign(new Error(refused.message), { code: refused.code }));
      else resolve(value);
    });
    frame.contentWindow.postMessage({ ringfence: 1, id, verb, ...asked }, origin);
  });
}

/** Does `work` with what the frame sealed; where that fails, the frame waits for it no longer. */
export async function carried(work) {
  try {
    return await work();
  } catch (problem) {
    await askKeys("not_taken");
    throw problem;
  }
}

/** Have a form of the frame stand before a person, as tall as it wants to be. */
export function bringForward() {
  frame.hidden = false;
  frame.classList.add("tall");
  frame.scrollIntoView({ block: "nearest" });
}
