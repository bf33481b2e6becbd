// What was asked for is not done, and why, in words for a person.

/** `code` is for programs and tests; the message is shown as it is and holds no secret. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.name = "Refused";
    this.code = code;
  }
}
