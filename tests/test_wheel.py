"""The wheel alone is enough: an empty environment, no compiler, no system package."""

import json
import os
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


@pytest.mark.slow
def test_installed_in_an_empty_environment_it_texts(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, timeout=120)
    install = [str(venv / "bin/pip"), "install", "--quiet", "--only-binary=:all:", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "XDG_"))}
    environment |= {"HOME": str(tmp_path / "home"), "PATH": str(venv / "bin")}
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        ["ringfence", "up", "--port", "0", "--json", "--check", "--once"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["account_sid"].startswith("AC")
