// What became of a change or a grant that a person sealed here, where its console says that it came to nothing. That is the
// console's word alone: what was sealed it may have passed on all the same.

import { h, show } from "./dom.js";

export const outcome = {
  async not_taken() {
    show(h("p", { role: "status" }, "The console says that this was not taken. Its page says why."));
  },
};
