// Asking once more, in the page, before what a person cannot take back.

/** Whether they press the button again that `element` is, once they read its `data-ask`. True where it asks nothing. */
export function sure(element) {
  const { ask } = element.dataset;
  if (!ask) return Promise.resolve(true);
  const dialog = made("dialog", { className: "sure" });
  const words = made("p", { id: "sure", textContent: ask });
  const choices = made("div", { className: "row" });
  // The first one has the focus, so a key that is pressed too soon changes nothing.
  const leave = made("button", { type: "button", textContent: "Leave it" });
  const go = made("button", { type: "button", className: "main", textContent: element.textContent });
  dialog.setAttribute("aria-labelledby", words.id);
  choices.append(leave, go);
  dialog.append(words, choices);
  document.body.append(dialog);
  leave.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => dialog.close("go"));
  dialog.showModal();
  return new Promise((resolve) => {
    // Escape closes it too.
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "go");
    });
  });
}

const made = (name, values) => Object.assign(document.createElement(name), values);
