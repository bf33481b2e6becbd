"""The bundle's modules that need no page, in the Node.js that playwright brings: no browser, no server."""

import json
import subprocess
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

import ringfence.key_origin

CRYPTO = Path(ringfence.key_origin.__file__).parent / "bundle" / "crypto"
ENOUGH_SECONDS = 120
_PRELUDE = """
    const hex = (bytes) => Buffer.from(bytes).toString("hex");
    const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
    const refusal = async (asked) => { try { return [await asked()]; } catch (problem) { return problem.code; } };
    let given = "";
    for await (const part of process.stdin) given += part;
    given = JSON.parse(given);
"""


def evaluated(body: str, *modules: str, **given: Any) -> Any:
    """The value of an async function body over modules of `crypto`, each by its name. Bytes go in as hex."""
    imports = "".join(
        f"import * as {name.rpartition('/')[2]} from {json.dumps((CRYPTO / f'{name}.js').as_uri())};\n"
        for name in modules
    )
    script = f"{imports}{_PRELUDE}\nconst work = async () => {{ {body} }};\nconsole.log(JSON.stringify(await work()));"
    node, _ = compute_driver_executable()
    done = subprocess.run(
        [node, "--no-warnings", "--input-type=module", "--eval", script],
        input=json.dumps(given, default=bytes.hex),
        capture_output=True,
        text=True,
        timeout=ENOUGH_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
