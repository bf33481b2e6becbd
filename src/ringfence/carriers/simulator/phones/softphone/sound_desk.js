// What all calls of a page share: one audio context, one microphone.

let shared = null;
let microphone = null;

/** Whether the page may sound: browsers want it touched first, and complain of one that tries. */
export function maySound() {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** The page's audio context. */
export function audioContext() {
  shared ??= new AudioContext({ latencyHint: "interactive" });
  if (shared.state === "suspended") shared.resume().catch(() => {});
  return shared;
}

/**
 * A track of the microphone that is the caller's own to mute and stop: {track, silent}.
 * Where there is no microphone, or it is refused, the track is silence and `silent` says so.
 */
export async function openMicrophone() {
  microphone ??= navigator.mediaDevices
    .getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } })
    .then((stream) => stream.getAudioTracks()[0]);
  try {
    const track = await microphone;
    if (track.readyState === "live") return { track: track.clone(), silent: false };
    microphone = null;
    return openMicrophone();
  } catch {
    microphone = null;
    return { track: silence(), silent: true };
  }
}

/** A track of silence that flows: without a source none would be sent, and the other end would give the call up. */
function silence() {
  const source = audioContext().createConstantSource();
  const destination = audioContext().createMediaStreamDestination();
  source.offset.value = 0;
  source.connect(destination);
  source.start();
  return destination.stream.getAudioTracks()[0];
}

/** Let the microphone go once no call needs it, so that the browser's lamp goes out. */
export async function closeMicrophone() {
  const open = microphone;
  microphone = null;
  (await open?.catch(() => null))?.stop();
}
