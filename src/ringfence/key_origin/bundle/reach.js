// What somebody reached of an account, by its entries of the ledger: hours whole, records by name, and when each time.

// Who asked and by whose leave; and what for.
const THROUGH = ["session:", "grant:", "member:", "officer:", "reference:"];
const HOUR = /^(?:epoch:)?([0-9]{1,15})$/;
const SESSION = "session:";

// Keys are used for a minute at most after they were handed out, and clocks of two machines are not one.
export const HELD_MS = 60_000;

/** Collects entries, {n, at_ms, actor, verb, scope}, of one `by` ("actor" or "session") of that `name`, from when to when. */
export class Reach {
  // By hour, and by a record's SID: when its key was handed out, in order.
  hours = new Map();
  records = new Map();
  // By verb: what else was opened, and let nobody read a record. How many names.
  others = new Map();
  // What a declared duty had kept, by the duty and the days: numbers, of which no list is made here.
  kept = new Set();
  entries = 0;
  #last = -1;

  constructor({ by, name, first_ms, last_ms }) {
    Object.assign(this, { by, name, first_ms, last_ms });
  }

  /** Takes an entry, once and in the ledger's order; whether it is one of these. */
  add({ n, at_ms, actor, verb, scope }) {
    const theirs = this.by === "session" ? scope[0] === SESSION + this.name : actor === this.name;
    if (!theirs || n <= this.#last || at_ms < this.first_ms || at_ms > this.last_ms || verb.includes(".")) return false;
    this.#last = n;
    this.entries += 1;
    const names = scope.filter((name) => !THROUGH.some((prefix) => name.startsWith(prefix)));
    if (verb === "open_epochs" || verb === "grant_open") {
      for (const name of names) {
        const hour = HOUR.exec(name);
        if (hour) noted(this.hours, Number(hour[1]), at_ms);
        else noted(this.records, name, at_ms);
      }
    } else if (verb === "open_duty") this.kept.add(names.join(" "));
    else if (verb === "lend_record") noted(this.records, names.at(-1), at_ms);
    else this.others.set(verb, (this.others.get(verb) ?? 0) + Math.max(1, names.length));
    return true;
  }

  /**
   * When a record was within reach: {times, how}, `times` in order; null where it never was. `how` is "record" or "hour":
   * what the key was of. "later" where its hour's key was handed out, but each time before the record was made.
   */
  of({ sid, epoch, created_ms }) {
    const own = this.records.get(sid) ?? [];
    const hour = this.hours.get(epoch) ?? [];
    const within = hour.filter((at_ms) => at_ms + HELD_MS >= created_ms);
    if (own.length) return { times: [...own, ...within].sort((one, other) => one - other), how: "record" };
    if (within.length) return { times: within, how: "hour" };
    return hour.length ? { times: [], how: "later" } : null;
  }
}

function noted(map, name, at_ms) {
  const times = map.get(name);
  if (times) times.push(at_ms);
  else map.set(name, [at_ms]);
}
