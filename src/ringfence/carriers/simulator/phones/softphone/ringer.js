// Ringing and being rung, made of sine waves: nothing is loaded.

import { audioContext, maySound } from "./sound_desk.js";

const RING_EVERY_MS = 3_000;
const RING_NOTES = [[0, 659.3], [0.14, 830.6], [0.28, 987.8], [0.42, 1318.5], [0.8, 659.3], [0.94, 830.6], [1.08, 987.8], [1.22, 1318.5]];
// The American ringback tone: 440 and 480 Hz, two seconds in six.
const RINGBACK_EVERY_MS = 6_000;
const RINGBACK_HZ = [440, 480];
const RINGBACK_S = 2;

let timer = 0;
let playing = null;
const ringing = new Set();

/** Ring for this call until it is quieted; several ring as one. */
export function ring(call) {
  ringing.add(call);
  if (ringing.size === 1) begin(chime, RING_EVERY_MS);
}

export function quiet(call) {
  if (ringing.delete(call) && ringing.size === 0) end();
}

/** What a caller hears while the other end rings: gives the way to stop it. */
export function ringback() {
  let gain = null;
  const sound = () => {
    gain = level(0.05);
    for (const hz of RINGBACK_HZ) tone(hz, 0, RINGBACK_S, gain);
  };
  sound();
  const every = setInterval(sound, RINGBACK_EVERY_MS);
  return () => {
    clearInterval(every);
    gain.disconnect();
  };
}

function begin(sound, everyMs) {
  sound();
  timer = setInterval(sound, everyMs);
}

function end() {
  clearInterval(timer);
  playing?.disconnect();
  playing = null;
}

function chime() {
  if (!maySound()) return;
  playing?.disconnect();
  playing = level(0.11);
  for (const [at, hz] of RING_NOTES) {
    const fading = audioContext().createGain();
    const now = audioContext().currentTime + at;
    fading.gain.setValueAtTime(0, now);
    fading.gain.linearRampToValueAtTime(1, now + 0.012);
    fading.gain.exponentialRampToValueAtTime(0.001, now + 0.5);
    fading.connect(playing);
    tone(hz, at, 0.5, fading);
  }
}

function tone(hz, at, seconds, into) {
  const oscillator = audioContext().createOscillator();
  oscillator.frequency.value = hz;
  oscillator.connect(into);
  oscillator.start(audioContext().currentTime + at);
  oscillator.stop(audioContext().currentTime + at + seconds);
}

function level(volume) {
  const gain = audioContext().createGain();
  gain.gain.value = volume;
  gain.connect(audioContext().destination);
  return gain;
}
