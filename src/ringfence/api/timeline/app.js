// The timeline page: who reads, what is read, and again until nothing more is to come.

import { isCall, isVerification, readTimeline, RefusedError, replay } from "./api.js";
import { callCard } from "./call_summary.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { signedIn, signIn, signInByLink, signOut } from "./session.js";
import { signInForm } from "./sign_in.js";
import { Steps } from "./steps.js";
import { summaryCard } from "./summary.js";
import { verificationCard } from "./verification_summary.js";

const POLL_MS = 1_000;
const SLOW_POLL_MS = 5_000;
const QUICK_POLLS = 30;
const STATES = { idle: "", live: "Live", final: "Complete", away: "Reconnecting…" };

const $ = (id) => document.getElementById(id);
let sid = /^\/timeline\/((?:SM|MM|VL|CA|VE)[0-9a-f]{32})$/.exec(location.pathname)?.[1] ?? "";
let timer = 0;
let polls = 0;
let shown = null;

$("sign-out").addEventListener("click", () => {
  signOut();
  ask();
});

start();

async function start() {
  const byLink = location.hash.startsWith("#k=");
  const opened = await signInByLink().catch(() => false);
  if (signedIn() && sid) await read();
  else ask(byLink && !opened ? "This link was used before, or is older than ten minutes." : "");
}

/** Ask who reads. */
function ask(words = "", account = "") {
  clearTimeout(timer);
  shown = null;
  say("idle");
  $("sign-out").hidden = true;
  const form = signInForm({ sid, account, words, onEnter: enter });
  $("main").replaceChildren(form);
  [...form.querySelectorAll("input")].find((input) => !input.value)?.focus();
}

async function enter(entered) {
  sid = entered.sid;
  signIn({ account: entered.account, user: entered.user, secret: entered.secret });
  history.replaceState(null, "", `/timeline/${sid}`);
  await read();
}

async function read() {
  clearTimeout(timer);
  const credential = signedIn();
  if (!credential) return;
  try {
    show(await readTimeline(credential, sid));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    refused(error, credential);
  }
}

function refused(error, credential) {
  if (error.status === 401) {
    signOut();
    ask("This does not sign in. Check the SID and the secret.", credential.account);
  } else if (error.status === 404) {
    ask(`This account has no such ${noun()}.`, credential.account);
  } else {
    say("away");
    if (!shown) $("main").replaceChildren(h("p", { class: "card notice", role: "alert" }, error.message));
    timer = setTimeout(read, SLOW_POLL_MS);
  }
}

function show(timeline) {
  if (!shown) {
    shown = { summary: h("div"), steps: new Steps(tellAgain), drawn: "" };
    $("main").replaceChildren(shown.summary, shown.steps.element);
    $("sign-out").hidden = false;
    document.title = `Timeline · ${sid}`;
  }
  const summary = JSON.stringify({ ...timeline, steps: null });
  if (shown.drawn !== summary) {
    const first = shown.drawn === "";
    shown.drawn = summary;
    shown.summary.replaceChildren(card(timeline));
    if (!first) announce(`The ${noun()} is ${timeline.status}`);
  }
  const changed = shown.steps.show(timeline);
  if (changed && polls) announce(`${plural(changed, "step")} changed`);
  say(timeline.final ? "final" : "live");
  polls += 1;
  if (!timeline.final) timer = setTimeout(read, polls < QUICK_POLLS ? POLL_MS : SLOW_POLL_MS);
}

async function tellAgain(step, button) {
  button.disabled = true;
  try {
    await replay(signedIn(), step.replay_url);
    announce("The webhook is sent again");
    polls = 0;
    await read();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    button.disabled = false;
    button.after(h("span", { class: "notice", role: "alert" }, error.message));
  }
}

function card(timeline) {
  if (isVerification(sid)) return verificationCard(timeline);
  return isCall(sid) ? callCard(timeline) : summaryCard(timeline);
}

function noun() {
  if (isVerification(sid)) return "verification";
  return isCall(sid) ? "call" : "text";
}

function say(state) {
  const live = $("live");
  live.dataset.state = state;
  if (live.textContent !== STATES[state]) live.textContent = STATES[state];
}

function announce(words) {
  const log = $("announcer");
  log.append(h("p", {}, words));
  while (log.children.length > 5) log.firstChild.remove();
}
