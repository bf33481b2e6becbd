"""The hook in Python programs: aiohttp reads its environment, and nothing else is different."""

import os
import subprocess
import sys
from pathlib import Path

from ringfence.devproxy.environment import SHIM


def outcome(program: str, *folders: Path) -> str:
    path = os.pathsep.join(map(str, (SHIM, *folders)))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


SESSION = """
import asyncio, aiohttp, inspect
async def main():
    async with aiohttp.ClientSession(headers={"a": "b"}, trust_env=False) as session:
        named = inspect.signature(aiohttp.ClientSession).parameters
        print(session.trust_env, session.headers["a"], "trust_env" in named)
asyncio.run(main())
"""


def test_every_session_of_aiohttp_takes_the_proxy_of_the_environment() -> None:
    assert outcome(SESSION) == "True b True"


def test_a_program_without_aiohttp_pays_with_no_import() -> None:
    assert outcome("import sys; print('aiohttp' in sys.modules, 'ringfence' in sys.modules)") == "False False"


def test_the_programs_own_sitecustomize_runs_too_and_the_path_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.mine = 'mine'\n")
    program = f"import sys, sitecustomize; print(mine, sitecustomize.__file__, {str(SHIM)!r} in sys.path)"
    assert outcome(program, tmp_path) == f"mine {tmp_path / 'sitecustomize.py'} False"
