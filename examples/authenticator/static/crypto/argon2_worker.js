// Argon2id off the page's own thread, so that the page stays alive meanwhile.

import { argon2id } from "./argon2id.js";

addEventListener("message", ({ data }) => {
  const key = argon2id(data);
  postMessage(key, [key.buffer]);
});
