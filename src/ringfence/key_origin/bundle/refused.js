/** What is told to a person. `code` is for programs; neither holds content or keys. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
