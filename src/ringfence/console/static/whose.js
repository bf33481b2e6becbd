// Whose records this page shows: its account's, or those of a subaccount, whose content keys come sealed to the parent's.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { opened, account as own } from "./member.js";

const child = document.getElementById("child")?.textContent;

/** The account whose they are, and where its pages begin. */
export const account = child ?? own;
export const at = child ? `/subaccounts/${child}` : "";

/** As `opened` of the member's own account; of a subaccount its content keys are opened with them. */
export async function openedHere() {
  const open = await opened();
  if (!child) return open;
  const { copies } = await post(`${at}/boxes`, { credential: open.credential });
  await askKeys("open_subaccount", { parent: own, account: child, copies });
  return open;
}
