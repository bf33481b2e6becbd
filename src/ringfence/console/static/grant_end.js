// Noticing that a grant has ended while what it opened is on the page: a member takes it back, its time is up, or the
// session that asked is over.
import { get } from "./asking.js";

const POLL_MS = 2_000;

/**
 * Words that say how the grant at `at` ended, once it has. The server's word counts; where there is none, its time,
 * `expires_ms`, by the clock here.
 */
export async function endOf(at, expires_ms) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    try {
      // Nobody asks for this at that moment: a session that is left alone ends all the same.
      const { grant } = await get(at, { "ringfence-following": "1" });
      if (!grant.approved) return `It is ${grant.state.replace("_", " ")}`;
    } catch (error) {
      if (error.status === 401) return "You are signed out";
      if (error.status === 403 || error.status === 404) return "It is not yours any more";
      // Anything else passes, and the grant ends all the same.
      if (Date.now() >= expires_ms) return "Its time is up";
    }
  }
}
