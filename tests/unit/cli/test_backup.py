"""`ringfence backup` and `ringfence restore` as an operator types them."""

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

PASSPHRASE = "correct horse battery\n"


def test_what_was_lost_comes_back_with_its_passphrase(ringfence: Any, ringfence_process: Any, tmp_path: Path) -> None:
    assert ringfence_process("account", "create", "Acme").returncode == 0
    data = tmp_path / ".local/share/ringfence"
    made = ringfence("backup", "kept", answer=PASSPHRASE * 2)
    assert made.returncode == 0, made.stderr
    assert "entries of the ledger are in kept" in made.stdout
    assert "open by the passphrase of the backup" in made.stdout
    again = ringfence("backup", "kept", answer=PASSPHRASE * 2)
    assert (again.returncode, "kept is there already" in again.stderr) == (1, True)
    (tmp_path / "seen").write_text(ringfence("ledger", "checkpoint").stdout)

    in_the_way = ringfence("restore", "kept", answer=PASSPHRASE)
    assert (in_the_way.returncode, "move" in in_the_way.stderr) == (1, True)
    shutil.rmtree(data)
    restored = ringfence("restore", "kept", "--against", "seen", answer=PASSPHRASE)
    assert (restored.returncode, restored.stdout) == (0, f"restored to {data}\n"), restored.stderr
    with contextlib.closing(sqlite3.connect(data / "ringfence.db")) as store:
        assert store.execute("SELECT friendly_name FROM account").fetchall() == [("Acme",)]
