// The devices of the account: who is in, who asks, who waits, and what looks like an attack.

import { announce, field, h, icon, openDialog } from "./dom.js";

const HOUR_MS = 3_600_000;
const DELAYS = [["24 hours", 24], ["72 hours", 72], ["1 hour", 1]];

export function devicesView(session, { member, joining, recovery }) {
  const element = h("section", { "aria-label": "Devices" });
  let shown = "";
  const update = () => {
    if (!session.state) return;
    const { joining: asked, recovering, member: in_ } = session.state;
    // Drawn anew only where something changed: else focus would be lost at each look at the server.
    const now = JSON.stringify([asked, recovering, in_?.alarm, in_?.device, in_?.entries.length, member.joins, member.recoveries, member.problem?.code, joining.step, joining.code, joining.problem?.code, member.view?.head]);
    if (now === shown) return;
    shown = now;
    const parts = asked ? joiningCards(joining) : recovering ? recoveringCards(recovery) : in_ ? memberCards(session, member) : startCards({ member, joining, recovery });
    element.replaceChildren(...parts.filter(Boolean));
  };
  for (const one of [member, joining, recovery]) one.addEventListener("change", update);
  return { element, update };
}

/** What must be seen on every tab: alarms, and what other devices are told. */
export function notices(session, member) {
  const state = session.state?.member;
  if (!state || !member.view) return [];
  const { alarm } = state;
  const found = [];
  if (alarm) {
    found.push(
      h(
        "div",
        { class: "alarm", role: "alert" },
        icon("alert"),
        h("strong", {}, "Something is wrong with the server"),
        h("p", {}, alarm.message, " Nothing was taken over from it. Your codes still work. Do not let any device in until you know why."),
        h("button", { onclick: () => member.dismissAlarm() }, "Check again"),
      ),
    );
  }
  for (const waiting of member.view.pending.values()) {
    found.push(
      h(
        "div",
        { class: "notice", role: "status" },
        h("p", {}, h("strong", {}, waiting.device.name), ` will be one of your devices from ${when(waiting.not_before_ms)}. If that is not you, cancel it.`),
        h("button", { class: "danger", onclick: () => member.cancel(waiting.seq).catch(said) }, `Cancel ${waiting.device.name}`),
      ),
    );
  }
  for (const asked of member.recoveries) {
    found.push(
      h(
        "div",
        { class: "notice", role: "status" },
        h("p", {}, h("strong", {}, asked.name), ` gave your backup's passphrase and gets the backup from ${when(asked.release_ms)}. If that is not you, stop it and change the passphrase.`),
        h("button", { class: "danger", onclick: () => member.denyRecovery(asked.id).catch(said) }, `Stop ${asked.name}`),
      ),
    );
  }
  for (const join of member.joins.filter((each) => ![...member.view.pending.values()].some((waiting) => waiting.device.id === each.reveal?.device?.id))) {
    found.push(
      h(
        "div",
        { class: "notice", role: "status" },
        h("p", {}, "A device that calls itself ", h("strong", {}, join.name), " asks to be let in."),
        h(
          "div",
          { class: "actions" },
          h("button", { onclick: () => member.deny(join.id).catch(said) }, "Deny"),
          h("button", { class: "primary", onclick: () => review(member, join) }, "Review"),
        ),
      ),
    );
  }
  return found;
}

function startCards({ member, joining, recovery }) {
  return [
    h(
      "div",
      { class: "card stack" },
      h("h2", {}, "Only on this device"),
      h("p", {}, "Your accounts are nowhere else. Connect your devices, and each has them all; the server keeps what it cannot read."),
      h("button", { class: "primary", onclick: () => startAccount(member) }, "Start with this device"),
    ),
    h(
      "div",
      { class: "card stack" },
      h("h2", {}, "I have it on another device"),
      h("p", { class: "muted" }, "The other device lets this one in."),
      h("button", { onclick: () => askToJoin(joining) }, "Join with another device"),
      h("button", { onclick: () => askToRecover(recovery) }, "I have only my passphrase"),
    ),
  ];
}

function startAccount(member) {
  openDialog("Start with this device", {
    content: [
      field("Name of this device", { name: "name", value: guessedName(), maxlength: 60, required: true }),
      h(
        "div",
        { class: "field" },
        h("label", { for: "delay" }, "A new device waits"),
        h("select", { id: "delay", name: "hours" }, DELAYS.map(([words, hours]) => h("option", { value: hours }, words))),
        h("p", { class: "hint" }, "Meanwhile all your devices say so, and each can cancel it. This cannot be changed later."),
      ),
    ],
    action: "Start",
    submit: (data) => member.create(data.get("name"), Number(data.get("hours")) * HOUR_MS),
  });
}

function askToJoin(joining) {
  openDialog("Join with another device", {
    content: [
      field("The account's name", { name: "account", class: "mono", autocapitalize: "characters" }, "24 letters and digits: on the other device, under Devices."),
      field("Name of this device", { name: "name", value: guessedName(), maxlength: 60 }),
    ],
    action: "Ask",
    submit: (data) => joining.ask(data.get("account"), data.get("name")),
  });
}

function askToRecover(recovery) {
  openDialog("Recover with the passphrase", {
    content: [
      h("p", {}, "Your other devices are told, and can stop this while it waits."),
      field("The account's name", { name: "account", class: "mono", autocapitalize: "characters" }, "24 letters and digits. You wrote it down with the passphrase."),
      field("Passphrase", { name: "passphrase", type: "password", autocomplete: "current-password" }),
      field("Name of this device", { name: "name", value: guessedName(), maxlength: 60 }),
    ],
    action: "Ask",
    submit: (data) => recovery.ask(data.get("account"), data.get("name"), data.get("passphrase")),
  });
}

function joiningCards(joining) {
  const words = {
    asked: "Open the app on the other device: it says that this one asks. Choose Review there.",
    digits: "Type these digits on the other device. Nobody else needs them, and no support will ask for them.",
    waiting: `Let in. It waits until ${when(joining.not_before_ms)}, so that your other devices can object. Then open the app on one of them.`,
    refused: joining.problem?.message ?? "",
    in: "Done.",
  };
  return [
    h(
      "div",
      { class: "card stack", role: "status" },
      h("h2", {}, "Joining"),
      joining.step === "digits" && h("p", { class: "big mono" }, `${joining.code.slice(0, 4)} ${joining.code.slice(4)}`),
      joining.step === "refused" ? h("div", { class: "alarm", role: "alert" }, icon("alert"), h("strong", {}, "Not let in"), h("p", {}, words.refused)) : h("p", {}, words[joining.step]),
      joining.problem && joining.step !== "refused" && h("p", { class: "muted" }, joining.problem.message),
      h("button", { onclick: () => joining.giveUp().catch(said) }, "Give up"),
    ),
  ];
}

function recoveringCards(recovery) {
  return [
    h(
      "div",
      { class: "card stack", role: "status" },
      h("h2", {}, "Recovering"),
      h("p", {}, `The backup is given out at ${when(recovery.state.release_ms)}. Until then your other devices can stop it.`),
      h("button", { class: "primary", onclick: () => openRecovered(recovery) }, "Open the backup"),
      h("button", { onclick: () => recovery.giveUp().catch(said) }, "Give up"),
    ),
  ];
}

function openRecovered(recovery) {
  let opened = null;
  const found = h("p", { role: "status" });
  openDialog("Open the backup", {
    content: [field("Passphrase", { name: "passphrase", type: "password", autocomplete: "current-password" }), found],
    action: "Go on",
    submit: async (data) => {
      if (!opened) {
        opened = await recovery.open(data.get("passphrase"));
        const count = opened.content.entries.filter((entry) => !entry.removed).length;
        found.textContent = `Backup ${opened.number} of ${when(opened.made_ms)}, ${count} accounts. If you remember a newer one, stop here: the server may be showing an old one. Otherwise go on.`;
        throw Object.assign(new Error("Look at what was found, then go on."), { code: "look" });
      }
      await recovery.finish(opened);
    },
  });
}

function memberCards(session, member) {
  const { view, state, problem } = member;
  if (!view) return [];
  const devices = [...view.devices.values()];
  return [
    h(
      "div",
      { class: "card stack" },
      h("h2", {}, "The account's name"),
      h("p", { class: "mono wrap", id: "account-name" }, state.account.match(/.{4}/g).join("-")),
      h("p", { class: "muted" }, "A new device asks by it. It is no secret. Write it down with your passphrase."),
    ),
    h(
      "div",
      { class: "card stack" },
      h("h2", {}, "Devices"),
      h(
        "ul",
        { class: "stack" },
        devices.map((device) =>
          h(
            "li",
            { class: "device" },
            icon("devices"),
            h("span", {}, device.name, device.id === state.device ? " (this device)" : ""),
            device.id !== state.device && h("button", { class: "quiet", "aria-label": `Remove ${device.name}`, onclick: () => removeDevice(member, device) }, icon("bin")),
          ),
        ),
      ),
      h("p", { class: "muted" }, problem && !problem.alarm ? problem.message : `A new device waits ${Math.round(view.delay_ms / HOUR_MS)} hours.`),
    ),
    h(
      "details",
      { class: "card" },
      h("summary", {}, "What happened to this list"),
      h("ol", { class: "stack" }, view.told.map((told) => h("li", { class: "muted" }, `${when(told.at_ms)}: ${TOLD[told.kind]} (${nameOf(view, told.by)})`))),
    ),
  ];
}

const TOLD = {
  first: "the account was made",
  announce: "a device was approved and waits",
  cancel: "a waiting device was canceled",
  admit: "a device was let in",
  remove: "a device was removed",
  recovery: "the backup got a passphrase",
  recover: "a device let itself in by the passphrase",
};

const nameOf = (view, id) => (id === "recovery" ? "passphrase" : (view.devices.get(id)?.name ?? "a device that is no longer there"));

function review(member, join) {
  openDialog(`Let ${join.name} in?`, {
    content: [
      h("p", {}, "Only if you hold that device yourself. It shows eight digits: type them here. Whoever reads digits to you, or asks for some, is not you."),
      field("Digits on the new device", { name: "digits", inputmode: "numeric", class: "mono", autocomplete: "off" }),
    ],
    action: "Approve",
    submit: async (data) => {
      await member.approve(join.id, data.get("digits"));
      announce(`${join.name} is approved. It waits now.`);
    },
  });
  member.review(join).catch(said);
}

function removeDevice(member, device) {
  openDialog(`Remove ${device.name}?`, {
    content: h("p", {}, "It gets no more news, and your accounts get a new key. What it knows already it keeps: for a lost device, renew the secrets at the sites too."),
    action: "Remove",
    danger: true,
    submit: () => member.remove(device.id),
  });
}

const said = (error) => {
  if (!error.code) throw error;
  announce(error.message);
};

export const when = (ms) => new Date(ms).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

function guessedName() {
  const platform = navigator.userAgentData?.platform ?? "";
  return navigator.userAgentData?.mobile ? "My telephone" : platform ? `My ${platform} computer` : "My computer";
}
