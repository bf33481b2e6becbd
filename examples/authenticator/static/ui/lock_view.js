// The screen of a locked app, and the dialogs that set and remove the lock.

import { announce, field, h, icon, openDialog } from "./dom.js";

export function lockView(session) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const button = h("button", { class: "primary" }, "Unlock");
  const form = h("form", { class: "card lock" }, icon("lock"), h("h1", {}, "Locked"), field("Lock code", { name: "code", type: "password" }), problem, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    const code = form.elements.code.value;
    form.elements.code.value = "";
    try {
      await session.unlock(code);
    } catch (error) {
      if (!error.code) throw error;
      problem.textContent = error.message;
      problem.hidden = false;
      form.elements.code.focus();
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

export async function changeLock(session) {
  if (await session.hasLock()) {
    openDialog("Remove the lock?", {
      content: h("p", {}, "Whoever has this device open can then see its codes."),
      action: "Remove the lock",
      danger: true,
      submit: async () => {
        await session.removeLock();
        announce("The lock is removed.");
      },
    });
    return;
  }
  openDialog("Lock this app", {
    content: [
      h("p", {}, "A code is asked for when the app opens, and after five minutes out of sight. Nobody can tell you the code if you forget it: then you need your backup or another device."),
      field("Lock code", { name: "code", type: "password", autocomplete: "new-password" }, "At least six characters."),
    ],
    action: "Set the lock",
    submit: async (data) => {
      await session.setLock(data.get("code"));
      announce("The lock is set.");
    },
  });
}
