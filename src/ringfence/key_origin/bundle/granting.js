// Both sides of a grant. The asker's pair stays in this frame, and its half of X25519 cannot be taken out of it; the approver's keys are
// sealed here, after its person typed the asker's number and showed the passkey. What is opened is shown here.
//
// What a frame promised or saw first it holds on to: a console that comes back with another value is refused. And it
// draws or shows a value only when its person presses a button here: a console that asks again and again, until the
// digits of two requests agree, needs a person a time.

import { fromBase64url, random, toBase64url } from "./crypto/bytes.js";
import { checkCommitment, commitment, numberOf, openGrant, sealGrant } from "./crypto/grants.js";
import { openField } from "./crypto/records.js";
import { decode } from "./crypto/msgpack.js";
import { newPair } from "./crypto/xwing.js";
import { callRow, callTable } from "./calls_view.js";
import { h, inWords, pressed, show } from "./dom.js";
import { grantKeeper } from "./grant_keeper.js";
import { EPOCH, scopeOf } from "./grant_scope.js";
import { howMany } from "./how_many.js";
import * as keeping from "./keeping.js";
import { textOf, textTable } from "./messages_view.js";
import { showPasskey } from "./passkey.js";
import { grantedRecordKey, ownEpochKey, ownRecordKey } from "./record_keys.js";
import { playRecording } from "./recording_view.js";
import { Refused } from "./refused.js";
import { shownTime } from "./times.js";

const VALUE_BYTES = 32;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MINUTES_MAX = 480;
// What this frame asked for, by its public key: {pair, value, stated}.
const asked = new Map();
// What it looks at, one request at a time: {value, committed, wanted}.
let looked = null;

export const granting = {
  /** Staff: a key for one request, and the promise of a value. */
  async ask_grant() {
    const pair = await newPair();
    const value = random(VALUE_BYTES);
    const name = toBase64url(pair.publicBytes);
    asked.set(name, { pair, value, stated: null });
    return { public: name, committed: toBase64url(await commitment(value, pair.publicBytes)) };
  },

  /** Staff: an approver has drawn a value. Shows the number to read out, and gives the promised value away, once. */
  async show_number({ grant }) {
    const own = mine(grant);
    const stated = JSON.stringify([wanted(grant), grant.approver_value]);
    own.stated ??= stated;
    if (own.stated !== stated) throw new Refused("answered", "Something else was said of this before: ask anew.");
    const number = await numberOf(grant, own.value, fromBase64url(grant.approver_value));
    const what = h("p", {}, `A member of ${grant.account} is looking. You ask to read ${scopeOf(grant.names, Date.now()).said} for ${howMany(grant.minutes, "minute")}.`);
    await pressed("Show the number", [what, h("blockquote", {}, grant.reason)], () => {});
    show(
      h("p", {}, "Read this number to the approver, who types it:"),
      h("p", { class: "number-to-match" }, `${number.slice(0, 3)} ${number.slice(3)}`),
    );
    return { value: toBase64url(own.value) };
  },

  /** Staff: opens what was granted, and shows it: texts and calls as `show_messages` and `show_calls` take them. Of
   *  recordings alone there is no lid yet. */
  async read_grant({ grant, lid, boxes, records, calls }) {
    if (lid === undefined) {
      mine(grant);
      show(h("p", {}, "Granted. Open the recordings one by one."));
      return { shown: 0, unopened: 0 };
    }
    const keys = await granted(grant, lid, boxes);
    const all = await Promise.all([...records, ...calls].map((record) => read(keys, grant.account, record)));
    for (const bytes of keys.values()) bytes.fill(0);
    const texts = all.slice(0, records.length).map(textOf);
    const rows = calls.map((call, place) => callRow(call, all[records.length + place], ""));
    const tables = [records.length && textTable(records, texts, ""), rows.length && callTable(rows)].filter(Boolean);
    show(...(tables.length ? tables : [h("p", {}, "Nothing more.")]));
    return { shown: all.length, unopened: all.filter((content) => content === null).length };
  },

  /** Staff: opens the file of a recording that was granted, {sid, epoch}, and shows what plays it, as `show_recording`. */
  async play_grant({ grant, lid, boxes, record, file }) {
    const keys = await granted(grant, lid, boxes);
    const key = await grantedRecordKey(keys, record);
    for (const bytes of keys.values()) bytes.fill(0);
    if (!key) throw new Refused("sealed", "This was not granted.");
    return playRecording(key, grant.account, record.sid, file);
  },

  /** Staff: a grant has ended. What it opened is shown no longer, and its key is gone from here. */
  async put_away({ grant }) {
    asked.delete(grant.public);
    show(h("p", { role: "status" }, "This has ended: what it opened is put away."));
  },

  /**
   * Approver: what was asked is pinned, and a value drawn. The end is set here, before anybody knows the value: whoever
   * chose it later could try ends until the digits agree.
   */
  async look_at_grant({ grant }) {
    if (looked) throw new Refused("looked", "A request is being looked at: load the page anew to look at another.");
    const committed = fromBase64url(grant.committed);
    if (!Number.isInteger(grant.minutes) || grant.minutes < 1 || grant.minutes > MINUTES_MAX) {
      throw new Refused("minutes", "This asks for no such time: refuse it.");
    }
    return pressed("Look", saidOf(grant), () => {
      const value = random(VALUE_BYTES);
      const expires_ms = Date.now() + grant.minutes * MINUTE_MS;
      looked = { value, committed, wanted: wanted({ ...grant, expires_ms }) };
      show(h("p", {}, "One moment …"));
      return { value: toBase64url(value), expires_ms };
    });
  },

  /**
   * Approver: types the number, shows the passkey, and seals the keys. `hours` says to which epoch each name belongs,
   * `epochs` are sealed keys as `show_messages` takes them. The key service's public key is ours to know, and is refused
   * from the console: together with the asker it could have the keys sealed to a key of its own.
   */
  async approve_grant({ grant, hours, epochs, keeper: named }) {
    if (named !== undefined) throw new Refused("keeper", "The console names a key to seal to, which is not its to name: refuse this.");
    const own = looked;
    if (!own || own.wanted !== wanted(grant)) throw new Refused("changed", "This is not what was looked at: refuse it.");
    const open = await keeping.open();
    if (!open || open.account !== grant.account) throw new Refused("locked", "Show your passkey first.");
    const value = fromBase64url(grant.value);
    await checkCommitment(own.committed, value, fromBase64url(grant.public));
    const number = await numberOf(grant, value, own.value);
    const keeper = await grantKeeper();
    const typed = await matched(open.credential, saidOf(grant));
    looked = null;
    if (typed !== number) {
      show(h("p", { role: "status" }, "The numbers differ, so nothing was sealed."));
      return { typed, matches: false };
    }
    show(h("p", {}, "One moment …"));
    const keys = await Promise.all(grant.names.map(async (name) => [name, await keyOf(open, name, hours[name], epochs)]));
    const { lid, boxes } = await sealGrant(grant, keys, keeper);
    for (const [, bytes] of keys) bytes.fill(0);
    // Whether it was given is the console's word, which comes later: `not_taken`, or its page.
    show(h("p", { role: "status" }, "Sealed, and passed to the console. Its page says whether it was given; you can end it at any time."));
    return { typed, matches: true, lid: toBase64url(lid), boxes: boxes.map(([name, box]) => [name, toBase64url(box)]) };
  },
};

function mine(grant) {
  const own = asked.get(grant.public);
  if (!own) throw new Refused("another", "This page did not ask for that.");
  return own;
}

// All that is decided on, and what is shown of it.
function wanted(grant) {
  const who = [grant.sid, grant.account, grant.staff, grant.staff_name, grant.session, grant.public, grant.committed];
  return JSON.stringify([who, grant.names, grant.reason, grant.minutes, grant.expires_ms]);
}

const hourly = (hour) => shownTime(hour * HOUR_MS).slice(0, 16);

function saidOf(grant) {
  const { hours, said } = scopeOf(grant.names, Date.now());
  const sids = hours.length ? [] : grant.names;
  return [
    h("p", {}, h("strong", {}, grant.staff_name ?? grant.staff), ` asks to read ${said} for ${howMany(grant.minutes, "minute")}.`),
    h("blockquote", {}, grant.reason),
    sids.length ? h("ul", { class: "hours" }, sids.map((sid) => h("li", {}, h("code", {}, sid)))) : null,
    ...saidOfHours(hours),
  ];
}

/** What whole hours mean, in words: whoever has an hour's key opens all that was sealed in it. */
function saidOfHours(hours) {
  if (!hours.length) return [];
  return [
    h("p", {}, "That is every text, call, recording and webhook of these hours, an hour each (UTC):"),
    h("ul", { class: "hours" }, hours.map((hour) => h("li", {}, h("time", { datetime: new Date(hour * HOUR_MS).toISOString() }, hourly(hour))))),
  ];
}

/** What the approver typed, who showed a passkey with it: where one opened the content, that one. */
function matched(credential, said) {
  return new Promise((resolve) => {
    const digits = h("input", { id: "digits", inputmode: "numeric", autocomplete: "off", maxlength: "7", required: true });
    const trouble = h("p", { role: "alert", class: "trouble" });
    const submit = async (event) => {
      event.preventDefault();
      try {
        // Nobody but this page is told what the passkey says, and no console chose the challenge.
        const { name } = await showPasskey({ challenge: toBase64url(random(VALUE_BYTES)), userVerification: "required" });
        if (credential.startsWith("PK") && name !== credential) {
          throw new Refused("passkey", "This is not the passkey that opened your texts.");
        }
        resolve(digits.value.replaceAll(/\D/g, ""));
      } catch (problem) {
        trouble.textContent = inWords(problem);
      }
    };
    show(
      ...said,
      h("p", {}, "Call them by a number that you know, have them read you six digits, and type those. What differs is refused for good."),
      h(
        "form",
        { onsubmit: submit, class: "typed" },
        h("label", { for: "digits" }, "Their number"),
        digits,
        h("button", { class: "main" }, "Approve"),
      ),
      trouble,
    );
  });
}

const keyOf = ({ keys, account }, name, epoch, epochs) =>
  name === `${EPOCH}${epoch}` ? ownEpochKey(keys, account, epochs, epoch) : ownRecordKey(keys, account, epochs, { sid: name, epoch });

/** The keys that the page's own pair opens, by name. */
function granted(grant, lid, boxes) {
  const sealed = boxes.map(([name, box]) => [name, fromBase64url(box)]);
  return openGrant(grant, mine(grant).pair, fromBase64url(lid), sealed);
}

async function read(keys, account, record) {
  const bytes = await grantedRecordKey(keys, record);
  if (!bytes || !record.content) return null;
  try {
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
    return decode(await openField(key, account, record.sid, "content", fromBase64url(record.content)));
  } catch {
    return null;
  } finally {
    bytes.fill(0);
  }
}
