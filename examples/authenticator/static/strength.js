// A hint how long a passphrase holds against somebody who has the backup. It is a guess, and on the low side.

import { Refused } from "./refused.js";

const LEAST_LETTERS = 10;
const OFTEN = /(password|passwort|qwert|asdf|letmein|welcome|iloveyou|dragon|monkey|football|abc|123|111|000|admin|login|secret|backup)/gi;
const WORD_BITS = 10;
// Sixty-four thousand guesses a second: many large machines against 64 MiB a guess.
const GUESSES_BITS = 16;
const YEAR_BITS = 25;

/** Bits of a passphrase: words by ten bits each, other letters by what kinds there are; what is often used counts as one. */
export function bitsOf(passphrase) {
  const plain = passphrase.normalize("NFKC").replaceAll(OFTEN, "~").replaceAll(/(.)\1{2,}/gu, "$1");
  const words = plain.split(/[\s-]+/).filter((word) => /^\p{L}{4,}$/u.test(word));
  if (words.length >= 3) return new Set(words.map((word) => word.toLowerCase())).size * WORD_BITS;
  const kinds = [[/\p{Ll}/u, 26], [/\p{Lu}/u, 26], [/\p{N}/u, 10], [/[^\p{L}\p{N}]/u, 20]].filter(([kind]) => kind.test(plain));
  const alphabet = kinds.reduce((sum, [, size]) => sum + size, 0);
  // People do not choose at random: half of what random letters would be.
  return Math.floor((alphabet ? [...plain].length * Math.log2(alphabet) : 0) * 0.5);
}

/** { level: 0 to 3, words } for a person. */
export function hint(passphrase) {
  const years = bitsOf(passphrase) - GUESSES_BITS - YEAR_BITS;
  if (!passphrase) return { level: 0, words: "Four or more words that nobody would put together are best." };
  if (years < -12) return { level: 0, words: "Weak: found within hours or days." };
  if (years < 0) return { level: 1, words: "Fair: found within months." };
  if (years < 8) return { level: 2, words: "Good: holds for years." };
  return { level: 3, words: "Strong." };
}

export function checkPassphrase(passphrase) {
  if ([...passphrase].length < LEAST_LETTERS) throw new Refused("short", `A passphrase has at least ${LEAST_LETTERS} letters.`);
  if (hint(passphrase).level === 0) throw new Refused("weak", "This passphrase is too easy to guess.");
}
