// The live feed: a snapshot first, then what changed; after a break it goes on where it stood.

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;
// The server sends a comment every 15 s, which a page cannot see, so only the browser notices a dead connection.

export class Feed {
  #lastId = "";
  #retryMs = FIRST_RETRY_MS;

  /** `onEvent(kind, content)` for snapshot and changes; `onState` for connecting, live and away. */
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
  }

  open() {
    const source = new EventSource(`/simulator/events?after=${encodeURIComponent(this.#lastId)}`);
    source.addEventListener("open", () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.onState("live");
    });
    for (const kind of ["snapshot", "changes"]) {
      source.addEventListener(kind, (event) => {
        this.#lastId = event.lastEventId;
        this.onEvent(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      this.onState("away");
      // A browser gives up for good when it gets an error status, which a restarting server gives: begin anew.
      source.close();
      setTimeout(() => this.open(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    });
  }
}
