// Numbers and times as a handset shows them.

/** +12025550177 as +1 (202) 555-0177; other countries in groups; short codes and names as they are. */
export function prettyNumber(address) {
  if (address.startsWith("whatsapp:")) return `WhatsApp ${prettyNumber(address.slice("whatsapp:".length))}`;
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(address);
  if (american) return `+1 (${american[1]}) ${american[2]}-${american[3]}`;
  const other = /^\+(\d{2})(\d{2,4})(\d{3})(\d+)$/.exec(address);
  return other ? `+${other.slice(1).join(" ")}` : address;
}

/** Letters for an avatar: initials of a name, or the last two digits of a number. */
export function initials(label) {
  if (/^\+?[\d\s()-]+$/.test(label)) return label.replace(/\D/g, "").slice(-2);
  const words = label.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return letters.map((word) => [...word][0] ?? "").join("").toUpperCase();
}

/** A hue that is always the same for the same address. */
export function hue(address) {
  let sum = 7;
  for (const char of address) sum = (sum * 31 + char.codePointAt(0)) % 3600;
  return (sum * 137) % 360;
}

export function clockTime(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** The line between texts that are far apart: Today 15:04, Yesterday 09:30, Tue, 3 Mar 09:30. */
export function dayAndTime(at, now) {
  const day = new Date(at);
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  const name =
    days === 0 ? "Today" : days === 1 ? "Yesterday" : day.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
  return `${name} ${clockTime(at)}`;
}

/** Minutes and seconds of a call, with hours where there are any: 0:07, 12:40, 1:02:03. */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
