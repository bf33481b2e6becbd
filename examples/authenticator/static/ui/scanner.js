// A QR code by the camera, where the browser can read one (BarcodeDetector).

import { Refused } from "../refused.js";
import { h } from "./dom.js";

export async function canScan() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices) return false;
  return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

/** A video element that calls `found(text)` with the first code that it sees; `stop()` frees the camera. */
export async function scan(found) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    throw new Refused("camera", "The camera is not available. Type the secret instead.");
  }
  const video = h("video", { class: "viewfinder", muted: true, playsinline: true, "aria-label": "Camera" });
  video.srcObject = stream;
  const stop = () => {
    stopped = true;
    stream.getTracks().forEach((track) => track.stop());
  };
  let stopped = false;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const look = async () => {
    if (stopped) return;
    const seen = video.readyState >= video.HAVE_CURRENT_DATA ? await detector.detect(video) : [];
    if (seen.length) {
      stop();
      found(seen[0].rawValue);
    } else setTimeout(look, 120);
  };
  await video.play();
  look();
  return { video, stop };
}
