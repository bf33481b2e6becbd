// Following a list that comes sealed. To open its rows stands in the ledger, and asks the frame: so that is offered, and
// done once somebody wants it.
import { followBar } from "./follow_bar.js";

/**
 * A bar, by which `show` is called. What comes back is called with the address of what will be shown, null
 * for what is not followed, and is done when that may be asked for: what comes after that is new.
 */
export function followSealed(show) {
  let address = null;
  let known = null;
  let came = 0;
  let waits = () => {};

  const changed = async ({ version, new: more }) => {
    if (version === known) return "";
    came += more;
    return came ? `${came} new: show` : "Changed: show";
  };
  const begin = followBar(() => address, changed, show, (said) => waits(said?.version));

  return (at) => {
    address = at;
    known = null;
    came = 0;
    return new Promise((resolve) => {
      // Where nothing is heard it is not known what will be shown: once something is, that is offered.
      waits = (version) => {
        waits = () => {};
        known = version ?? null;
        resolve();
      };
      if (!begin()) waits(null);
    });
  };
}
