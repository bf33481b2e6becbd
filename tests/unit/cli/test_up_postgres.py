"""`ringfence up` on PostgreSQL."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_up_on_postgresql_sends_a_text_out_and_back_and_stops(
    tmp_path: Path, postgres_url: str, surroundings: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", "up", "--json", "--port", "0", "--check", "--once"],
        cwd=tmp_path,
        env=surroundings | {"RINGFENCE_DATABASE_URL": postgres_url, "RINGFENCE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert '"auth_token":"' in done.stdout
    assert not (tmp_path / "data" / "ringfence.db").exists()
    assert any((tmp_path / "data" / "kms").iterdir())


def test_up_beside_a_key_service_that_is_not_there_is_refused_with_its_cure(
    tmp_path: Path, postgres_url: str, surroundings: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ringfence", "up", "--json", "--port", "0", "--once"],
        cwd=tmp_path,
        env=surroundings
        | {
            "RINGFENCE_DATABASE_URL": postgres_url,
            "RINGFENCE_DATA_DIR": str(tmp_path / "data"),
            "RINGFENCE_KEYS_FROM": str(tmp_path / "elsewhere"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no key service answers in" in done.stderr
    assert "start the installation that has it first" in done.stderr
