// What the frame of a console does: it shows passkeys, opens content keys, and shows what they open. No verb gives a
// key away, nor what one opens; none seals a content key but for a passkey that this page made with its person.
// Each view is a file that gives its verbs; here they only stand side by side.

import { access } from "./access_view.js";
import { calls } from "./calls_view.js";
import { listen } from "./channel.js";
import { isAble } from "./crypto/x25519.js";
import { h, show } from "./dom.js";
import { granting } from "./granting.js";
import { ledger } from "./ledger_view.js";
import { texts } from "./messages_view.js";
import { newKeys } from "./new_key_view.js";
import { outcome } from "./outcome_view.js";
import { recordings } from "./recording_view.js";
import { sharing } from "./sharing.js";
import { standing } from "./standing_view.js";
import { subaccounts } from "./subaccounts.js";
import { timelines } from "./timeline_view.js";
import { touched } from "./touched_view.js";
import { visiting } from "./visiting.js";
import { webhooks } from "./webhook_view.js";

const views = [
  visiting,
  texts,
  calls,
  timelines,
  recordings,
  webhooks,
  ledger,
  touched,
  granting,
  sharing,
  standing,
  newKeys,
  access,
  outcome,
  subaccounts,
];

if (!(await isAble())) {
  show(h("p", { role: "alert" }, "This browser has no X25519 in its WebCrypto, and cannot open content. A current Chromium, Firefox or Safari can."));
} else {
  listen(Object.assign({}, ...views));
}
