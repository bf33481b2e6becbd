// Bytes, and the texts that they are written as.

import { Refused } from "../refused.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const EMPTY = new Uint8Array(0);
export const utf8 = (text) => encoder.encode(text);
export const text = (bytes) => decoder.decode(bytes);
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A number below 2^53 as `length` bytes, the greatest first. */
export function bigEndian(number, length) {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, left = number; at >= 0 && left > 0; at -= 1, left = Math.floor(left / 256)) bytes[at] = left % 256;
  return bytes;
}

/** The associated data of a place: its parts joined by "|", which none of them may hold. */
export function place(...parts) {
  const written = parts.map(String);
  if (written.some((part) => part.includes("|"))) throw new Refused("place", "A part of a place holds the separator.");
  return utf8(written.join("|"));
}

/** Base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(written) {
  if (typeof written !== "string" || !/^[A-Za-z0-9_-]*$/.test(written) || written.length % 4 === 1) {
    throw new Refused("base64", "That is no base64url.");
  }
  return Uint8Array.from(atob(written.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
