"""The ways in which key files rest, for tests: a passphrase that is quick to stretch, and a token of SoftHSM's own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ringfence.kms.hsm_seal import HsmSeal
from ringfence.kms.passphrase_seal import PassphraseSeal

PASSPHRASE = b"correct horse battery"
PIN, TOKEN = b"24680", "ringfence-tests"
SOFTHSM = next((path for path in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"))
                if path.exists()), None)  # fmt: skip


def quick_passphrase(passphrase: bytes = PASSPHRASE) -> PassphraseSeal:
    return PassphraseSeal.new(passphrase, memory_kib=64, passes=1)


def token_folder() -> Path:
    """Where SoftHSM keeps its tokens: its library reads that once a process."""
    pytest.importorskip("pkcs11", reason="no python-pkcs11: pip install 'ringfence[pkcs11]'")
    if SOFTHSM is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no SoftHSM here: as root, apt-get install softhsm2")
    return Path(os.environ.get("RINGFENCE_TEST_TOKENS", f"/tmp/ringfence-softhsm-{os.getpid()}"))


def new_token(folder: Path) -> dict[str, str]:
    """Make the token where it is missing; the environment in which SoftHSM finds it."""
    config = folder / "softhsm2.conf"
    environment = {"SOFTHSM2_CONF": str(config)}
    if not config.exists():
        (folder / "tokens").mkdir(parents=True)
        config.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN.decode(), "--so-pin", "1234"],
            env=os.environ | environment,
            check=True,
            capture_output=True,
        )
    return environment


def hsm(key: str = "ringfence") -> HsmSeal:
    return HsmSeal.new(PIN, module=str(SOFTHSM), token=TOKEN, key=key)
