// The dialog by which an account comes in: its address pasted or scanned, or its secret typed.

import { account, parseOtpauth } from "../otp/otpauth.js";
import { entryOf } from "../vault.js";
import { announce, field, h, openDialog } from "./dom.js";
import { canScan, scan } from "./scanner.js";

export async function addAccount(session) {
  const uri = field("Setup address", { name: "uri", placeholder: "otpauth://totp/…", autofocus: true }, "What the QR code says. Some sites show it as text.");
  const viewfinder = h("div");
  let stop = () => {};
  const camera = (await canScan())
    ? h("button", { type: "button", onclick: () => startScan().catch((problem) => announce(problem.message)) }, "Scan a QR code")
    : null;
  const startScan = async () => {
    stop();
    const scanning = await scan((text) => {
      uri.querySelector("input").value = text;
      viewfinder.replaceChildren();
    });
    // Whoever closed the dialog while the browser asked for the camera wants it off.
    if (!dialog.open) return scanning.stop();
    stop = scanning.stop;
    return viewfinder.replaceChildren(scanning.video);
  };
  const typed = h(
    "details",
    {},
    h("summary", {}, "Type the secret instead"),
    field("Site", { name: "issuer", maxlength: 200 }),
    field("Your name there", { name: "name", maxlength: 200 }),
    field("Secret", { name: "secret", autocapitalize: "characters", class: "mono" }),
    h(
      "div",
      { class: "row" },
      choice("Algorithm", "algorithm", ["SHA1", "SHA256", "SHA512"]),
      choice("Digits", "digits", ["6", "7", "8"]),
      field("Seconds", { name: "period_s", value: "30", inputmode: "numeric", size: 3 }),
    ),
  );
  const dialog = openDialog("Add an account", {
    content: [uri, camera, viewfinder, typed],
    action: "Add",
    submit: async (data) => {
      const given = Object.fromEntries(data);
      const parsed = given.uri.trim() ? parseOtpauth(given.uri) : account(given);
      const entry = entryOf(parsed, Date.now());
      await session.change((state) => state.entries.push(entry));
      announce(`Added ${entry.issuer || entry.name}.`);
    },
  });
  dialog.addEventListener("close", () => stop());
}

function choice(label, name, values) {
  const id = `choice-${name}`;
  return h("div", { class: "field" }, h("label", { for: id }, label), h("select", { id, name }, values.map((value) => h("option", { value }, value))));
}
