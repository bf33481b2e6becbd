// The app: opens what this browser keeps, shows it under tabs, and works without a network.

import { Recovery, refresh } from "./backup.js";
import { Approvals } from "./device/approvals.js";
import { Joining } from "./device/joining.js";
import { Member } from "./device/member.js";
import { Session } from "./session.js";
import { scriptUrl } from "./trusted.js";
import { approvalsView } from "./ui/approvals_view.js";
import { backupView } from "./ui/backup_view.js";
import { codesView } from "./ui/codes_view.js";
import { devicesView, notices } from "./ui/devices_view.js";
import { h, icon } from "./ui/dom.js";
import { changeLock, lockView } from "./ui/lock_view.js";

const LOCK_AFTER_MS = 5 * 60_000;
const LOOK_EVERY_MS = 1_000;
const app = document.getElementById("app");

navigator.serviceWorker?.register(scriptUrl("service"), { type: "module" });
// One window at a time: two would overwrite each other's state.
const elsewhere = setTimeout(() => app.replaceChildren(h("p", { class: "empty", role: "status" }, "The app is open in another window. Close it to go on here.")), 1_000);
navigator.locks.request("authenticator", async () => {
  clearTimeout(elsewhere);
  await start();
  await new Promise(() => {});
});

async function start() {
  const session = await Session.open();
  const member = new Member(session);
  const joining = new Joining(session, member);
  const recovery = new Recovery(session, member);
  const approvals = new Approvals(session, member);
  const tabs = [
    ["codes", "Codes", codesView(session)],
    ["approvals", "Approvals", approvalsView(session, approvals)],
    ["backup", "Backup", backupView(session, member)],
    ["devices", "Devices", devicesView(session, { member, joining, recovery })],
  ];
  const main = h("main", { id: "main", tabindex: -1 });
  const told = h("div", { class: "stack", id: "notices" });
  const content = h("div");
  main.append(told, content);
  const lock = h("button", { class: "quiet", "aria-label": "Lock", onclick: () => changeLock(session) }, icon("lock"));
  const asked = h("span", { class: "asked" });
  const links = tabs.map(([name, title]) => h("a", { href: `#${name}` }, icon(name), h("span", {}, title, name === "approvals" && " ", name === "approvals" && asked)));
  const shell = h("div", { class: "shell" }, h("header", {}, h("h1", {}, "Authenticator"), lock), h("nav", { "aria-label": "Sections" }, links), main);
  const locked = lockView(session);

  const show = () => {
    if (session.isLocked) {
      app.replaceChildren(locked);
      locked.elements.code.focus();
      return;
    }
    const current = tabs.find(([name]) => location.hash === `#${name}`) ?? tabs[0];
    links.forEach((link) => (link.hash === `#${current[0]}` ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    if (content.firstChild !== current[2].element) content.replaceChildren(current[2].element);
    if (app.firstChild !== shell) app.replaceChildren(shell);
    for (const [, , view] of tabs) view.update();
    tell();
  };
  let said = "";
  const tell = () => {
    const now = JSON.stringify([session.state?.member?.alarm, member.joins, member.recoveries, member.view?.head, approvals.pending.length]);
    if (now === said) return;
    said = now;
    asked.replaceChildren(approvals.pending.length ? h("span", { class: "count" }, String(approvals.pending.length)) : "");
    told.replaceChildren(...notices(session, member));
  };

  /** What the server has to say, while somebody looks. */
  const look = async () => {
    try {
      if (session.state?.member && !member.view) await member.load();
      if (!session.isLocked && document.visibilityState === "visible" && navigator.onLine) await ask();
    } catch (error) {
      if (!session.isLocked) throw error;
    } finally {
      setTimeout(look, LOOK_EVERY_MS);
    }
  };
  const ask = async () => {
    if (!session.state.member) return joining.follow();
    await member.sync(() => refresh(session, member));
    return approvals.look();
  };

  session.addEventListener("change", show);
  // What was seen and computed is gone with the page; a new one begins locked.
  session.addEventListener("lock", () => location.reload());
  member.addEventListener("change", show);
  approvals.addEventListener("change", show);
  addEventListener("hashchange", show);
  show();
  look();

  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") hidden = setTimeout(() => session.lock(), LOCK_AFTER_MS);
  });
}
