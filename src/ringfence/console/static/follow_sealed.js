// Following a list that comes sealed. To open its rows stands in the ledger, and asks the frame: so that is offered, and
// done once somebody wants it.
import { followBar } from "./follow_bar.js";

const WAIT_MS = 1_000;

/**
 * A bar over the frame, by which `show` is called. What comes back is called with the address of what will be shown, null
 * for what is not followed, and is done when that may be asked for: what comes after that is new.
 */
export function followSealed(show) {
  let address = null;
  let known = null;
  let came = 0;
  let heard = null;

  const changed = async ({ version, new: more }) => {
    heard?.(version);
    if (version === known) return "";
    came += more;
    return came ? `${came} new: show` : "Changed: show";
  };
  const begin = followBar(document.getElementById("keys"), () => address, changed, show);

  return (at) => {
    address = at;
    known = null;
    came = 0;
    return new Promise((resolve) => {
      const stands = (version) => {
        if (heard === stands) {
          heard = null;
          known = version;
        }
        resolve();
      };
      heard = stands;
      // Where that comes later it is not known what was shown, and all that comes is offered.
      setTimeout(stands, WAIT_MS, null);
      if (!begin()) stands(null);
    });
  };
}
