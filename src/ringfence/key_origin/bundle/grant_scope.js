// What a request covers, read from its names: chosen texts, calls and recordings, or whole hours that have ended. Never both: a person
// who agrees to three texts must not have agreed to an hour beside them. domain/access/scope.py has the same rule.

import { howMany } from "./how_many.js";
import { Refused } from "./refused.js";

export const EPOCH = "epoch:";
// What a record is by its SID.
const KINDS = { SM: "text", MM: "text", CA: "call", RE: "recording" };
const HOUR_MS = 3_600_000;
const RECORDS_MAX = 5_000;
const EPOCHS_MAX = 744;
const SID = /^(SM|MM|CA|RE)[0-9a-f]{32}$/;
const OF_EPOCH = /^epoch:(0|[1-9][0-9]{0,14})$/;

/**
 * What names mean at `now_ms`: {hours, said}, whole hours since 1970 in order, none where records are asked for, and all
 * of it in a few words. Refused for anything that is neither the one nor the other.
 */
export function scopeOf(names, now_ms) {
  const each = Array.isArray(names) && names.every((name) => typeof name === "string") ? names : [];
  if (!each.length || new Set(each).size !== each.length) throw refused();
  if (each.every((name) => SID.test(name)) && each.length <= RECORDS_MAX) return { hours: [], said: counted(each) };
  if (!each.every((name) => OF_EPOCH.test(name)) || each.length > EPOCHS_MAX) throw refused();
  const hours = hoursOf(each);
  if ((hours.at(-1) + 1) * HOUR_MS > now_ms) {
    throw new Refused("names", "This asks for an hour that has not ended: refuse it, unless the clock of this device is behind.");
  }
  return { hours, said: hours.length === 1 ? "all of one hour" : `all of ${howMany(hours.length, "hour")}` };
}

const refused = () => new Refused("names", "This asks for what no page of ours asks for: refuse it.");

function counted(sids) {
  const counts = new Map();
  for (const sid of sids) counts.set(KINDS[sid.slice(0, 2)], (counts.get(KINDS[sid.slice(0, 2)]) ?? 0) + 1);
  const words = [...counts].map(([kind, count]) => howMany(count, kind));
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
}

/** An epoch's number is its hour and a place within it. */
function hoursOf(names) {
  const hours = new Set(names.map((name) => Math.floor(Number(name.slice(EPOCH.length)) / 256)));
  return [...hours].sort((one, other) => one - other);
}
