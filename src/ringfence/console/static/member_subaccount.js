// A subaccount's texts, a page at a time: its content keys come sealed to the parent's, which the frame has open.
import { post } from "./asking.js";
import { askKeys } from "./keys_frame.js";
import { account as parent, opened } from "./member.js";
import { sealedList } from "./sealed_list.js";

const account = document.getElementById("child").textContent;
const at = `/subaccounts/${account}`;

sealedList(at, "show_messages", {
  account,
  pages: null,
  async opened() {
    const open = await opened();
    const { copies } = await post(`${at}/boxes`, { credential: open.credential });
    await askKeys("open_subaccount", { parent, account, copies });
    return open;
  },
});
