"""linphonec on loopback, on wav files in place of a sound card."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.clients.bare import free_port
from tests.clients.domain_phone import PASSWORD
from tests.unit.carriers.sip.desk import DOMAIN
from tests.unit.carriers.sip.wire import HOST

from ringfence.ports.sip_access import REALM

MISSING = "" if shutil.which("linphonec") else "linphonec is not installed (Debian: linphone-cli)"

CONFIG = """\
[sip]
sip_port={udp}
sip_tcp_port={tcp}
sip_tls_port={tls}
default_proxy=0
register_only_when_network_is_up=0
guess_hostname=0
use_ipv6=0
bind_address={host}
verify_server_certs=0
verify_server_cn=0
media_encryption={encryption}
media_encryption_mandatory={mandatory}
[proxy_0]
reg_proxy=<sip:{host}:{port};transport={kind}>
reg_route=<sip:{host}:{port};transport={kind}>
reg_identity=sip:alice@{domain}
reg_expires=60
reg_sendregister=1
publish=0
[auth_info_0]
username=alice
passwd={password}
realm={realm}
[rtp]
audio_rtp_port=-1
[video]
enabled=0
capture=0
display=0
"""


class Phone:
    """A running phone that takes commands as a person types them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def type(self, *commands: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{command}\n" for command in commands).encode())
        await self._process.stdin.drain()


@contextlib.asynccontextmanager
async def linphone(folder: Path, kind: str, port: int) -> AsyncIterator[Phone]:
    """It registers as alice, and answers whoever calls."""
    (folder / ".local/share/linphone").mkdir(parents=True)
    ports = {one: free_port() if one == kind else 0 for one in ("udp", "tcp", "tls")}
    secure = kind == "tls"
    (folder / "rc").write_text(
        CONFIG.format(
            **ports,
            host=HOST,
            port=port,
            kind=kind,
            domain=DOMAIN,
            password=PASSWORD,
            realm=REALM,
            encryption="srtp" if secure else "none",
            mandatory=int(secure),
        )
    )
    process = await asyncio.create_subprocess_exec(
        *("linphonec", "-c", str(folder / "rc"), "-a", "-d", "0"),
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    phone = Phone(process)
    await phone.type("soundcard use files")
    try:
        yield phone
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
