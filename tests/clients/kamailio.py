"""Kamailio on loopback as the edge before us: it relays, record-routes, and knows no more."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from tests.clients.bare import ended
from tests.unit.carriers.sip.wire import HOST

PROGRAM = shutil.which("kamailio", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MISSING = "" if PROGRAM else "Kamailio is not installed (Debian: kamailio)"

CONFIG = """\
#!KAMAILIO
debug=-1
log_stderror=yes
fork=no
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:{host}:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }}
  remove_hf("Route");
  if (is_method("INVITE")) record_route();
  if ($sp == {inside}) {{
    if ({carrier} != 0) $du = "sip:{host}:{carrier}";
  }} else {{
    $du = "sip:{host}:{inside}";
  }}
  t_relay();
}}
"""


@contextlib.asynccontextmanager
async def kamailio(folder: Path, port: int, *, inside: int, carrier: int = 0) -> AsyncIterator[None]:
    """An edge on `port` before us at `inside`. What we send goes to `carrier`, or where its address says."""
    assert PROGRAM is not None
    folder.mkdir()
    path = folder / "kamailio.cfg"
    path.write_text(CONFIG.format(host=HOST, port=port, inside=inside, carrier=carrier))
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "-f", str(path), "-DD", "-E", "-Y", str(folder), "-w", str(folder), "-P", str(folder / "pid")),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )
    try:
        await answers_at(process, port, folder)
        yield
    finally:
        await ended(process)


async def answers_at(process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
    """Wait until its port is taken."""
    async with asyncio.timeout(15):
        while True:
            if process.returncode is not None:
                raise AssertionError((folder / "log").read_text()[-2_000:])
            try:
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    asyncio.DatagramProtocol, local_addr=(HOST, port)
                )
            except OSError:
                return
            transport.close()
            await asyncio.sleep(0.05)
