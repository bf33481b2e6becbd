"""The wheel alone is enough: an empty environment, no compiler, no system package."""

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_the_package_its_data_and_its_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    source = ROOT / "src"
    wanted = {
        str(path.relative_to(source))
        for path in (source / "ringfence").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent.name != "control"
    }
    assert wanted <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests", "docs")) for name in names)
    # The control build is broken on purpose.
    assert not any("drills/control" in name for name in names)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The surroundings of somebody who has installed the wheel into an empty environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=120)
    # What `make` sets up with: of what it has fetched before, nothing is fetched or unpacked again.
    install = [str(ROOT / ".tools/bin/uv"), "pip", "install", "--quiet", "--python", str(venv / "bin/python")]
    subprocess.run([*install, "--only-binary", ":all:", str(wheel)], check=True, capture_output=True, timeout=300)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_", "PYTEST_"))}
    (folder / "home").mkdir()
    return kept | {"HOME": str(folder / "home"), "PATH": str(venv / "bin")}


@pytest.mark.slow
def test_installed_in_an_empty_environment_it_texts(installed: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["ringfence", "up", "--port", "0", "--json", "--check", "--once"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=installed,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["account_sid"].startswith("AC")


# What the tutorial shows: files to write, their continuations, and commands to type, in the order of the page.
STEP = re.compile(r"^```(?:python title=(\S+)( append)?|(console))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.long
def test_the_tutorial_of_the_plugin_is_followed_from_an_empty_folder(
    wheel: Path, installed: dict[str, str], tmp_path: Path
) -> None:
    page = (ROOT / "docs/tutorials/test-your-texts.md").read_text()
    # Whoever follows it has pip.
    typed("python -m ensurepip --default-pip", tmp_path, installed)
    outputs = []
    for name, append, is_console, text in STEP.findall(page):
        if is_console:
            for line in text.splitlines():
                outputs.append(typed(line.replace("../ringfence", str(wheel)), tmp_path, installed))
        else:
            with (tmp_path / name).open("a" if append else "x") as file:
                file.write(("\n\n" if append else "") + text)
    assert "1 passed" in outputs[-1]
    tests = len(re.findall(r"^def test_", (tmp_path / "test_barber.py").read_text(), re.MULTILINE))
    assert tests > 1
    assert f"{tests} passed" in typed("python -m pytest", tmp_path, installed)


def typed(line: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        shlex.split(line), capture_output=True, text=True, timeout=200, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
