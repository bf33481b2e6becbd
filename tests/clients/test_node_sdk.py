"""The official Node SDK, unchanged but for its base URL, on a running installation."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

WALK = Path(__file__).with_name("walk.mjs")
LOCK = Path(__file__).parents[2] / "examples" / "barber-node" / "package-lock.json"


def test_the_lock_pins_hashes_and_names_no_download_address() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    packages.pop("")
    assert len(packages) > 50
    assert [name for name, package in packages.items() if "integrity" not in package or "resolved" in package] == []


def test_the_walk(installation: Any, node_folder: Path) -> None:
    shutil.copy(WALK, node_folder)
    ran = subprocess.run(
        ["node", WALK.name],
        cwd=node_folder,
        env=installation.program_environment | {"SHOP_NUMBER": installation.shop},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert json.loads(ran.stdout) == {
        "created": {"kind": "SM", "status": "queued", "body": "from Node", "dated": True},
        "callbacks": [
            {"status": "sent", "valid": True, "forged": False},
            {"status": "delivered", "valid": True, "forged": False},
        ],
        "delivered": "delivered",
        "listed": ["3", "2", "1", "from Node"],
        "limited": ["3", "2"],
        "from": [],
        "after": [],
        "pages": [["3", "2", "1"], ["from Node"], None],
        "redacted": "",
        "deleted": True,
        "afterwards": {"status": 404, "code": 20404},
        "scheduled": ["scheduled", "canceled"],
        "bought": [True, "https://a.example/", True],
        "released": True,
        "stranger": {"status": 401, "code": 20003},
    }
