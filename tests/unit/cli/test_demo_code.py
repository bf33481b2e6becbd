"""What `ringfence demo code` does when it cannot run. With a running installation: tests/clients."""

from pathlib import Path
from typing import Any


def test_it_is_on_the_list_of_demos(ringfence: Any) -> None:
    assert "A customer signs in with a code that comes by text" in ringfence("demo").stdout


def test_it_says_what_to_start_first(ringfence: Any) -> None:
    ran = ringfence("demo", "code")
    assert ran.returncode == 1
    assert "start it in another terminal" in ran.stderr


def test_production_has_no_phones(ringfence: Any) -> None:
    ran = ringfence("demo", "code", RINGFENCE_MODE="production", RINGFENCE_BASE_URL="https://text.example")
    assert ran.returncode == 1
    assert "production has none" in ran.stderr


def test_it_refuses_where_nothing_answers(ringfence: Any, tmp_path: Path) -> None:
    ran = ringfence("demo", "code", "--data", str(tmp_path / "none"))
    assert ran.returncode == 1
