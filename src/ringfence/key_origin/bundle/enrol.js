// A link to the console lets one passkey in. Its secret stands after #, which no server is sent; here it opens the
// content keys, which are sealed anew for the passkey that its person makes. Then the link is used up.

import { fromBase64url } from "./crypto/bytes.js";
import { isAble } from "./crypto/x25519.js";
import { openContentKeys, slotOf } from "./crypto/slots.js";
import { h, inWords, pressed, show } from "./dom.js";
import { makePasskey, needPasskeys } from "./passkey.js";
import { Refused } from "./refused.js";
import { slotFor } from "./slot_for.js";

const LINK = /^#k=(AC[0-9a-f]{32})\.(KL[0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;
const found = LINK.exec(location.hash);
history.replaceState(null, "", location.pathname);

try {
  if (!found) throw new Refused("link", "This page is opened by a link that holds a secret; this address holds none.");
  const [, account, link, secret] = found;
  needPasskeys();
  if (!(await isAble())) throw new Refused("able", "This browser has no X25519 in its WebCrypto: open the link with a newer one.");
  await enrol(account, link, secret);
} catch (problem) {
  show(
    h("h1", {}, "Not enrolled"),
    h("p", { role: "alert" }, inWords(problem)),
    h("p", {}, "No passkey was let in. Open the link once more, whole, in the browser that you mean to use. If its ten minutes are over, whoever holds the account's Auth Token makes another: ", h("code", {}, "ringfence account console-link"), "."),
  );
}

async function enrol(account, link, secret) {
  const { console } = await (await fetch("/installation.json")).json();
  const asked = await post(`${console}/enrol/options`, { account, link });
  const boxes = asked.boxes.map(([generation, box]) => [generation, fromBase64url(box)]);
  const keys = await openContentKeys(await slotOf(secret, link), account, link, boxes);
  if (!keys.length) throw new Refused("link", "This link opens nothing: it was copied in part, or is another account's.");
  const made = await pressed(
    "Make my passkey",
    about(account),
    () => makePasskey(asked.options),
  );
  const slot = await slotFor(made, account, keys, fromBase64url(asked.proof_key));
  for (const { bytes } of keys) bytes.fill(0);
  await post(`${console}/enrol`, { ceremony: asked.ceremony, answer: made.answer, slot });
  show(
    h("h1", {}, "Enrolled"),
    made.slot
      ? h("p", {}, "Sign in to the console with your passkey.")
      : h("p", {}, "Your passkey signs you in. It has no PRF, so it cannot open content: the console will ask for the Auth Token."),
    h("a", { href: `${console}/`, class: "main", rel: "noreferrer" }, "To the console"),
  );
}

/** What a passkey is for here, what will happen, and what to do where it does not. */
function about(account) {
  return [
    h("h1", {}, "Make your passkey"),
    h("p", {}, "It is a key in this device, in your telephone or in a security key, and lets you into the console of ", h("code", {}, account), ". There is no password. It also opens what the account sent and received, in your browser alone: the console's server never gets what opens it."),
    h("h2", {}, "What happens"),
    h("ol", {}, [
      "Your browser asks where to keep the passkey, and for your finger, your face or a PIN. It may ask twice.",
      "This page seals the account's keys for your passkey, and the console's server keeps what is sealed.",
      "The link is used up, and you sign in with the passkey.",
    ].map((step) => h("li", {}, step))),
    h("details", {}, h("summary", {}, "If it does not work"), h("ul", {}, [
      "You closed the browser's question, or it took too long: press the button again. The link serves until a passkey was let in, for ten minutes after it was made.",
      "There is no such question: unlock the device, or choose a telephone or a security key where the browser offers one.",
      "It says that the passkey has no PRF: it signs you in, but to read you type the Auth Token. Another authenticator may do better; add it later under Members.",
      "You have this passkey already: go to the console and sign in.",
    ].map((case_) => h("li", {}, case_)))),
  ];
}

async function post(address, values) {
  const response = await fetch(address, {
    method: "POST",
    mode: "cors",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(values),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.error ?? "The console does not answer."), { final: true });
  return answer;
}
