// Backups: the server's, a file, and the plain list.

import { checkChosen, fileOf, takeFile, turnOn } from "../backup.js";
import { hint } from "../strength.js";
import { asOtpauth, living } from "../vault.js";
import { when } from "./devices_view.js";
import { announce, download, field, h, openDialog } from "./dom.js";

export function backupView(session, member) {
  const element = h("section", { "aria-label": "Backup" });
  let shown = "";
  const update = () => {
    if (!session.state) return;
    const state = session.state.member;
    const now = JSON.stringify([Boolean(state), Boolean(state?.backup), state?.backup_seen, member.view?.recovery]);
    if (now === shown) return;
    shown = now;
    element.replaceChildren(serverCard(session, member, state), fileCard(session), plainCard(session));
  };
  return { element, update };
}

function serverCard(session, member, state) {
  const seen = state?.backup_seen;
  const words = !state
    ? "Start with this device under Devices first: then the server can keep a backup that only your passphrase opens."
    : state.backup
      ? "It is renewed whenever your accounts change here. The server cannot open it."
      : seen && member.view?.recovery
        ? "Another device renews it. A passphrase given here replaces that one."
        : seen
          ? "The device that renewed it was removed: give it a passphrase again."
        : "The server keeps a backup that it cannot open. Your passphrase lets a new device in when all others are lost.";
  return h(
    "div",
    { class: "card stack" },
    h("h2", {}, "Backup on the server"),
    seen && h("p", { role: "status" }, `Backup ${seen.number}, ${when(seen.made_ms)}.`),
    h("p", { class: "muted" }, words),
    state && h("button", { class: "primary", onclick: () => askPassphrase(state.backup ? "Change the passphrase" : "Turn the backup on", (passphrase) => turnOn(session, member, passphrase)) }, state.backup ? "Change the passphrase" : "Turn the backup on"),
  );
}

function fileCard(session) {
  return h(
    "div",
    { class: "card stack" },
    h("h2", {}, "Backup as a file"),
    h("p", { class: "muted" }, "Sealed in the same way. Keep it where you like."),
    h(
      "div",
      { class: "actions" },
      h("button", { onclick: () => openFile(session) }, "Read a file"),
      h("button", { onclick: () => askPassphrase("Save a file", async (passphrase) => download("authenticator.backup", "application/octet-stream", await fileOf(session, passphrase))) }, "Save a file"),
    ),
  );
}

function plainCard(session) {
  return h(
    "div",
    { class: "card stack" },
    h("h2", {}, "Plain list"),
    h("p", { class: "muted" }, "For another authenticator. Not sealed."),
    h("div", { class: "actions" }, h("button", { onclick: () => exportPlain(session) }, "Export in the clear")),
  );
}

function askPassphrase(title, use) {
  const meter = h("meter", { min: 0, max: 3, value: 0, "aria-label": "Strength" });
  const words = h("p", { class: "hint", role: "status" }, hint("").words);
  const look = (event) => {
    const { level, words: said } = hint(event.target.value);
    meter.value = level;
    words.textContent = said;
  };
  openDialog(title, {
    content: [
      h("p", {}, "Nobody can reset it. Write it down and keep it where you keep papers."),
      field("Passphrase", { name: "passphrase", type: "password", autocomplete: "new-password", oninput: look }),
      meter,
      words,
      field("Once more", { name: "again", type: "password", autocomplete: "new-password" }),
    ],
    action: title,
    submit: async (data) => {
      if (data.get("passphrase") !== data.get("again")) throw Object.assign(new Error("The two are not the same."), { code: "again" });
      await use(data.get("passphrase"));
      announce("Done.");
    },
  });
}

function openFile(session) {
  openDialog("Read a file", {
    content: [field("File", { name: "file", type: "file" }), field("Passphrase", { name: "passphrase", type: "password", autocomplete: "current-password" })],
    action: "Read",
    submit: async (data) => {
      const file = data.get("file");
      checkChosen(file?.name ? file : null);
      const added = await takeFile(session, new Uint8Array(await file.arrayBuffer()), data.get("passphrase"));
      announce(`${added} accounts added.`);
    },
  });
}

function exportPlain(session) {
  openDialog("Export in the clear?", {
    content: [
      h("p", { class: "problem" }, "Whoever reads this file has your second factor for every site in it, for good. Programs that copy your downloads read it too."),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "understood" }), "I delete the file as soon as it is used"),
    ],
    action: "Export",
    danger: true,
    submit: (data) => {
      if (!data.get("understood")) throw Object.assign(new Error("Say that you understand."), { code: "understood" });
      download("authenticator.txt", "text/plain", asOtpauth(session.state.entries));
      announce(`${living(session.state.entries).length} accounts exported.`);
    },
  });
}
