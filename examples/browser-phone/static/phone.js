// A telephone in some lines, on ringfence's softphone modules.

import { AudioLeg } from "/softphone/audio_leg.js";
import { quiet, ring } from "/softphone/ringer.js";
import { UserAgent } from "/softphone/user_agent.js";

const $ = (id) => document.getElementById(id);
// Tokens end after an hour: a new one in good time keeps the telephone registered.
const RENEW_MS = 50 * 60_000;
let agent = null;
let call = null;

$("online").addEventListener("submit", async (event) => {
  event.preventDefault();
  const identity = event.target.elements.identity.value;
  const { token, url } = await newToken(identity);
  agent?.stop();
  agent = new UserAgent({ url, user: identity, domain: new URL(url).hostname, password: token, media: () => new AudioLeg() });
  agent.addEventListener("state", () => {
    $("state").textContent = agent.state === "ready" ? `Online as ${identity}` : agent.problem || agent.state;
    $("dial").hidden = agent.state !== "ready";
  });
  agent.addEventListener("call", ({ detail }) => take(detail));
  agent.start();
  setInterval(async () => (agent.password = (await newToken(identity)).token), RENEW_MS);
});

$("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  agent.dial(event.target.elements.to.value.trim());
});

$("answer").addEventListener("click", () => call.answer());
$("hang-up").addEventListener("click", () => call.hangUp());
$("mute").addEventListener("click", () => call.mute(!call.muted));
$("hold").addEventListener("click", () => call.hold(!call.held));
$("keys").addEventListener("keydown", (event) => {
  if (/^[0-9*#]$/.test(event.key)) call.press(event.key);
});

async function newToken(identity) {
  const response = await fetch(`/token?identity=${encodeURIComponent(identity)}`);
  return response.json();
}

function take(taken) {
  call = taken;
  if (call.direction === "incoming") ring(call);
  call.addEventListener("change", show);
  show();
}

function show() {
  if (call.state !== "incoming") quiet(call);
  $("call").hidden = call.isOver;
  $("who").textContent = `${call.peer}: ${call.held ? "on hold" : call.state}`;
  $("answer").hidden = call.state !== "incoming";
  $("mute").setAttribute("aria-pressed", String(call.muted));
  $("hold").setAttribute("aria-pressed", String(call.held));
  if (call.isOver) $("keys").value = "";
}

setInterval(() => {
  if (call?.state !== "talking") return;
  const { mine, theirs } = call.media.levels();
  $("mine").value = mine;
  $("theirs").value = theirs;
}, 100);
