"""A voice whose digits are tones, and an ear for them in a page: so that a test hears which digits a call says."""

import io
import json
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import numpy as np
from tests.waiting_server import WaitingServer

RATE_HZ = 8_000
TONE_MS = 800
LOWEST_HZ, STEP_HZ = 500, 150
# Writes each digit that the page's last call says to window.heard, for as long as the page lives.
LISTEN = f"""() => {{
  const track = window.calls.at(-1).getReceivers()[0].track;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, {{ fftSize: 2048, smoothingTimeConstant: 0 }});
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  window.heard = "";
  let digit = null, looks = 0, quiet = 0, between = true;
  setInterval(() => {{
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    const hz = loudest * context.sampleRate / analyser.fftSize;
    const now = bins[loudest] < -60 ? null : Math.round((hz - {LOWEST_HZ}) / {STEP_HZ});
    looks = now === digit ? looks + 1 : 0;
    quiet = now === null ? quiet + 1 : 0;
    digit = now;
    // A tone that a lost packet tears is one digit still.
    between ||= quiet === 5;
    if (between && looks === 3 && digit !== null) {{
      window.heard += digit;
      between = false;
    }}
  }}, 40);
}}"""


class Said:
    """What the voice was asked to say: words with their language, oldest first. `url` is for `speech_url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.words: list[tuple[str, str]] = []


@contextmanager
def tone_voice() -> Iterator[Said]:
    """A voice on a free port of 127.0.0.1: a digit is a tone of its own, all else a moment of silence."""

    class Voice(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said.words.append((asked["text"], asked["language"]))
            sound = _sound(asked["text"])
            self.send_response(200)
            self.send_header("Content-Length", str(len(sound)))
            self.end_headers()
            self.wfile.write(sound)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = WaitingServer(("127.0.0.1", 0), Voice)
    said = Said(f"http://127.0.0.1:{server.server_address[1]}/say")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sound(text: str) -> bytes:
    digit = int(text) if len(text) == 1 and text in "0123456789" else None
    times = np.arange(RATE_HZ * TONE_MS // 1_000) / RATE_HZ
    hz = 0 if digit is None else LOWEST_HZ + STEP_HZ * digit
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.sin(2 * np.pi * hz * times) * 9_000).astype("<i2").tobytes())
    return made.getvalue()
