// Codes from a secret and the time. Source: RFC 6238 upon RFC 4226, section 5.

export const ALGORITHMS = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };

/** The code of `account` (secret: bytes, algorithm, digits, period_s) at `now_ms`, with its leading zeros. */
export async function codeAt(account, now_ms) {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(stepAt(account, now_ms)));
  const hash = ALGORITHMS[account.algorithm];
  const key = await crypto.subtle.importKey("raw", account.secret, { name: "HMAC", hash }, false, ["sign"]);
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter.buffer));
  const offset = mac.getUint8(mac.byteLength - 1) & 15;
  const number = (mac.getUint32(offset) & 0x7fffffff) % 10 ** account.digits;
  return String(number).padStart(account.digits, "0");
}

export function stepAt(account, now_ms) {
  return Math.floor(now_ms / 1000 / account.period_s);
}

/** How long the code of `now_ms` still counts. */
export function remainingMs(account, now_ms) {
  const period_ms = account.period_s * 1000;
  return period_ms - (now_ms % period_ms);
}
