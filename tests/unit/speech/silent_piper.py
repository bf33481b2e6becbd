"""A process that answers as Piper's does, without a voice: a sample a character, and some ways to fail."""

import json
import os
import struct
import sys
import time

LENGTH = struct.Struct(">I")


def answer(payload: bytes) -> None:
    sys.stdout.buffer.write(LENGTH.pack(len(payload)) + payload)
    sys.stdout.buffer.flush()


if os.environ.get("SILENT_PIPER") == "no model":
    sys.exit(1)
answer(b"")
while header := sys.stdin.buffer.read(4):
    request = json.loads(sys.stdin.buffer.read(LENGTH.unpack(header)[0]))
    text = request["text"]
    if text == "die":
        sys.exit(3)
    if text == "hang":
        time.sleep(60)
    if text == "mute":
        answer(b"")
        continue
    manner = round(request["length_scale"] * 1_000), round(request["volume"] * 1_000)
    answer(LENGTH.pack(22_050) + struct.pack(f"<{2 + len(text)}h", *manner, *([7] * len(text))))
