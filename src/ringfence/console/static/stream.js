// Hearing that a page looks otherwise now. No worker can sign a stream for its whole life, so each begins with a ticket,
// which a signed request is given and which serves once. Source: HTML Living Standard, "Server-sent events".

const SOON_MS = 1_000;
const LATE_MS = 60_000;
const AGAIN_MS = 2_000;

/**
 * Call `heard` with `{version, new}` as often as the page at `address` looks otherwise, while this one is in view and
 * until `signal` aborts; at first with how it looks now, or with null where that is not to be had. What comes back are
 * words, where there is nothing to be heard any more.
 */
export async function follow(address, heard, signal) {
  let failures = 0;
  while (!signal.aborted) {
    await inView(signal);
    const hidden = new AbortController();
    const stop = () => hidden.abort();
    signal.addEventListener("abort", stop);
    document.addEventListener("visibilitychange", stop);
    let came = false;
    const said = (what) => {
      came = true;
      heard(what);
    };
    try {
      const { ticket, version } = await ticketOf(address, hidden.signal);
      heard({ version, new: 0 });
      await hear(ticket, said, hidden.signal);
    } catch (error) {
      heard(null);
      // What else there is passes: it is tried again.
      if (error.final) return error.message;
    } finally {
      signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", stop);
      failures = came || hidden.signal.aborted ? 0 : failures + 1;
      hidden.abort();
    }
    // With chance in it: after a restart not all come back at once.
    const least_ms = failures ? Math.min(LATE_MS, SOON_MS * 2 ** failures) : 0;
    await later((least_ms || AGAIN_MS) * (0.5 + Math.random() / 2), signal);
  }
  return "";
}

async function ticketOf(address, signal) {
  const headers = { accept: "application/json", "ringfence-following": "1" };
  const response = await fetch(`/live${address}`, { headers, signal });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const final = [400, 401, 403, 404].includes(response.status);
  const message = response.status === 401 ? "Signed out: nothing is followed." : answer.error;
  throw Object.assign(new Error(message), { final });
}

async function hear(ticket, heard, signal) {
  const response = await fetch("/live", { headers: { "ringfence-ticket": ticket }, cache: "no-store", signal });
  if (!response.ok) throw new Error(`${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) heard(JSON.parse(line.slice("data: ".length)));
  }
}

function inView(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState !== "visible" && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}

function later(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
