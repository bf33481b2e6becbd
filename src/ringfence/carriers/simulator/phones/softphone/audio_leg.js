// The sound of one call: a peer connection with one audio stream, offered or answered whole (no trickle).
// Source: W3C WebRTC; RFC 8842, section 5.2 (who is active stays active); RFC 8445, section 2.4 (ICE restart); RFC 4733 (keys).

import { audioContext, closeMicrophone, openMicrophone } from "./sound_desk.js";

const GATHERING_LIMIT_MS = 2_000;
// Silence on the network for so long, beyond what the browser calls disconnected, is no hiccup.
const PATIENCE_MS = 3_000;
const KEY_MS = 160;
const GAP_MS = 80;
const WANTED = /^audio\/(pcmu|pcma|telephone-event)$/i;
const CLOCK_HZ = 8_000;
const open = new Set();

/** Tells `change` (connected, or a microphone that is not there), `adrift` (another path is needed: reoffer) and `failed`. */
export class AudioLeg extends EventTarget {
  connected = false;
  adrift = false;
  silent = false;
  #peer = null;
  #track = null;
  #audio = null;
  #mine = null;
  #theirs = null;
  #muted = false;
  #closed = false;
  #keys = [];
  #before = "sendrecv";
  #patience = null;
  #renewals = 0;
  #network = navigator.connection?.type;
  #moved = (event) => this.#followNetwork(event);

  constructor(configuration = {}) {
    super();
    this.configuration = configuration;
  }

  /** Our description, to be answered. */
  async offer() {
    await this.#begin();
    this.#peer.addTransceiver(this.#track, { direction: "sendrecv" });
    this.#prefer();
    return this.#describe(await this.#peer.createOffer());
  }

  /** Answer their description, the first one or a later one. */
  async answer(sdp) {
    const first = !this.#peer;
    if (first) await this.#begin();
    await this.#peer.setRemoteDescription({ type: "offer", sdp });
    if (first) {
      const [transceiver] = this.#peer.getTransceivers();
      if (!transceiver) throw new Error("no audio");
      await transceiver.sender.replaceTrack(this.#track);
      transceiver.direction = "sendrecv";
      this.#prefer();
    }
    return this.#describe(await this.#peer.createAnswer());
  }

  /** Take their answer: `answer`, or `pranswer` for what is heard before they pick up. */
  async accept(sdp, type = "answer") {
    if (this.#peer.signalingState === "stable") return;
    await this.#peer.setRemoteDescription({ type, sdp });
  }

  /** Our description anew, in this direction; under fresh credentials where another path is needed. */
  async reoffer(direction) {
    const [transceiver] = this.#peer.getTransceivers();
    if (this.adrift) this.#peer.restartIce();
    this.adrift = false;
    this.#before = transceiver.direction;
    transceiver.direction = direction;
    const sdp = await this.#describe(await this.#peer.createOffer());
    // Whoever began the handshake is who it was: only a first offer leaves that open.
    return sdp.replace(/^a=setup:actpass/m, `a=setup:${this.#role()}`);
  }

  /** What was offered anew is not wanted: all is as it was. */
  async rollback() {
    if (this.#peer.signalingState === "have-local-offer") await this.#peer.setLocalDescription({ type: "rollback" });
    this.#peer.getTransceivers()[0].direction = this.#before;
  }

  setMuted(muted) {
    this.#muted = muted;
    if (this.#track) this.#track.enabled = !muted;
  }

  /** Send a key, after those that are still being sent. */
  press(key) {
    const sender = this.#peer?.getSenders()[0]?.dtmf;
    if (!sender?.canInsertDTMF) {
      this.#keys.push(key);
      return;
    }
    sender.insertDTMF(sender.toneBuffer + key, KEY_MS, GAP_MS);
  }

  /** How loud both ends are now, 0 to 1 each. */
  levels() {
    return { mine: this.#muted ? 0 : loudness(this.#mine), theirs: loudness(this.#theirs) };
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#patience);
    for (const [target, event] of networks()) target.removeEventListener(event, this.#moved);
    open.delete(this);
    this.#track?.stop();
    this.#peer?.close();
    this.#mine?.disconnect();
    this.#theirs?.disconnect();
    if (this.#audio) this.#audio.srcObject = null;
    if (open.size === 0) closeMicrophone();
  }

  async #begin() {
    open.add(this);
    const { track, silent } = await openMicrophone();
    if (this.#closed) {
      track.stop();
      throw new Error("over");
    }
    this.#track = track;
    this.silent = silent;
    track.enabled = !this.#muted;
    this.#mine = listenTo(new MediaStream([track]));
    this.#peer = new RTCPeerConnection(this.configuration);
    this.#peer.addEventListener("track", (event) => this.#hear(event.track));
    this.#peer.addEventListener("connectionstatechange", () => this.#follow());
    this.#peer.addEventListener("iceconnectionstatechange", () => this.#watchPath());
    for (const [target, event] of networks()) target.addEventListener(event, this.#moved);
    if (silent) this.dispatchEvent(new Event("change"));
  }

  #follow() {
    const state = this.#peer.connectionState;
    if (state === "connected") {
      this.connected = true;
      for (const key of this.#keys.splice(0)) this.press(key);
      this.dispatchEvent(new Event("change"));
    }
    // A path that was there and failed is another matter: see below.
    const isPathAlone = this.connected && this.#peer.iceConnectionState === "failed";
    if (state === "failed" && !isPathAlone) this.#fail();
  }

  #watchPath() {
    const state = this.#peer.iceConnectionState;
    clearTimeout(this.#patience);
    if (state === "connected" || state === "completed") this.#renewals = 0;
    if (state === "disconnected") this.#patience = setTimeout(() => this.#drift(), PATIENCE_MS);
    if (state !== "failed" || !this.connected) return;
    if (this.#renewals) this.#fail();
    else this.#drift();
  }

  #followNetwork(event) {
    const before = this.#network;
    this.#network = navigator.connection?.type;
    // Of its estimates of speed, too, the browser says that they have changed.
    if (navigator.onLine && (event.type === "online" || this.#network !== before)) this.#drift();
  }

  /** Ask for another path. */
  #drift() {
    if (this.#closed || !this.connected || this.adrift) return;
    this.adrift = true;
    this.#renewals += 1;
    this.dispatchEvent(new Event("adrift"));
  }

  #fail() {
    if (!this.#closed) this.dispatchEvent(new Event("failed"));
  }

  #hear(track) {
    const stream = new MediaStream([track]);
    // Chromium feeds the analyser only where an element takes the stream too, and cancels the echo of what that plays.
    this.#audio = new Audio();
    this.#audio.autoplay = true;
    this.#audio.srcObject = stream;
    this.#audio.play().catch(() => {}); // It begins by itself with the first touch of the page.
    this.#theirs = listenTo(stream);
  }

  /** The tick speaks G.711 whatever else it knows: nothing is to be gained by turning it into something else twice. */
  #prefer() {
    const codecs = RTCRtpReceiver.getCapabilities("audio").codecs.filter((codec) => WANTED.test(codec.mimeType) && codec.clockRate === CLOCK_HZ);
    this.#peer.getTransceivers()[0].setCodecPreferences(codecs);
  }

  /** A local description with all its addresses in it. */
  async #describe(description) {
    await this.#peer.setLocalDescription(description);
    // Begun anew, it is complete for a moment yet, of addresses that are gone.
    const isWhole = () => this.#peer.iceGatheringState === "complete" && /^a=candidate:/m.test(this.#peer.localDescription.sdp);
    if (!isWhole()) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, GATHERING_LIMIT_MS);
        this.#peer.addEventListener("icegatheringstatechange", () => {
          if (!isWhole()) return;
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#peer.localDescription.sdp;
  }

  /** Our part in the handshake, as the descriptions in force have it. */
  #role() {
    const setup = (description) => /^a=setup:(active|passive)/m.exec(description?.sdp ?? "")?.[1];
    const theirs = setup(this.#peer.currentRemoteDescription);
    return setup(this.#peer.currentLocalDescription) ?? (theirs === "active" ? "passive" : "active");
  }
}

/** What says that this machine's network is another: its target and its event. */
function networks() {
  const known = [[window, "online"]];
  if (navigator.connection) known.push([navigator.connection, "change"]);
  return known;
}

function listenTo(stream) {
  const context = audioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  const source = context.createMediaStreamSource(stream);
  source.connect(analyser);
  return { analyser, samples: new Float32Array(analyser.fftSize), disconnect: () => source.disconnect() };
}

/** Root mean square, bent so that a whisper can be seen and a word stands out. */
function loudness(meter) {
  if (!meter) return 0;
  meter.analyser.getFloatTimeDomainData(meter.samples);
  const power = meter.samples.reduce((sum, sample) => sum + sample * sample, 0) / meter.samples.length;
  return Math.min(1, (Math.sqrt(power) * 3.2) ** 0.75);
}
