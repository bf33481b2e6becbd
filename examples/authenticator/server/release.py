"""Write the digests of the app's files into its service worker, and print the digest of that.

python -m server.release            after a file of the app changed
python -m server.release --check    exit 1 where they are out of step
"""

import base64
import hashlib
import json
import re
import sys

from server import static_files

WORKER = static_files.ROOT / "service_worker.js"
MARKED = re.compile(r"(?<=// release: written by `python -m server.release`\n).*?(?=// end of release\n)", re.DOTALL)


def digest(content: bytes) -> str:
    """As Subresource Integrity writes it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def written(worker: str) -> str:
    """The service worker with the digests of all files as they are."""
    kept = [path for path in static_files.paths() if path != f"/{WORKER.name}"]
    lines = [
        f"  {json.dumps(path)}: {json.dumps(digest((static_files.ROOT / path[1:]).read_bytes()))},\n" for path in kept
    ]
    return MARKED.sub(lambda _: "const FILES = {\n" + "".join(lines) + "};\n", worker)


def main() -> int:
    current = WORKER.read_text()
    wanted = written(current)
    if "--check" in sys.argv:
        return int(current != wanted)
    WORKER.write_text(wanted)
    print(digest(WORKER.read_bytes()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
