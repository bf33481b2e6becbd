// Elements from plain values. Text enters as text nodes only: no string here is ever parsed as markup.

import { Refused } from "./refused.js";

/** An element with attributes, listeners (on…) and children; null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** What the page shows now. */
export function show(...children) {
  document.getElementById("shown").replaceChildren(...children.filter((child) => child !== null));
}

/** A button that does `work` when it is pressed, and says what came in its way. Resolves with what `work` gives.
 *  Above it stands `note`: words, or elements. */
export function pressed(label, note, work) {
  return new Promise((resolve, reject) => {
    const trouble = h("p", { role: "alert", class: "trouble" });
    const button = h("button", { type: "button", class: "main", onclick: press }, label);
    async function press() {
      button.disabled = true;
      trouble.textContent = "";
      try {
        resolve(await work());
      } catch (problem) {
        trouble.textContent = inWords(problem);
        if (problem.final) reject(problem);
        else button.disabled = false;
      }
    }
    const above = typeof note === "string" ? note && [h("p", {}, note)] : note;
    show(...above, button, trouble);
  });
}

let leave = null;

/** Waits for what a person fills in, which `build` shows and calls `done` with. What else is asked takes its place. */
export function filledIn(build) {
  return new Promise((resolve, reject) => {
    leave = () => reject(new Refused("left", "Something else was asked meanwhile."));
    build(resolve);
  });
}

/** Gives up what a person was filling in, if anything. */
export function leaveForm() {
  leave?.();
  leave = null;
}

/** Why something failed, for a person. */
export function inWords(problem) {
  if (problem.name === "NotAllowedError") return "The passkey was not shown, or not in time.";
  if (problem.name === "InvalidStateError") return "This authenticator has a passkey here already.";
  if (problem.name === "SecurityError") return "Passkeys do not work under this address.";
  return problem.message;
}
