// Times and numbers as a person reads them.

/** +12025550177 as +1 (202) 555-0177; what is none of that plan as it is. */
export function prettyNumber(number) {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number ?? "");
  return american ? `+1 (${american[1]}) ${american[2]}-${american[3]}` : number;
}

/** 0.4 ms, 12 ms, 1.25 s */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${Math.round(ms / 10) / 100} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** 15:04:05.123 where the reader is. */
export function clockTime(at) {
  const time = new Date(at);
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  return `${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

export function fullTime(at) {
  return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "long" });
}

export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
