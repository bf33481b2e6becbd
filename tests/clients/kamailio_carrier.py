"""Kamailio on loopback as a carrier that is spoken to over TLS: it wants a password, and keeps our registration.

Its customer is a telephone over UDP. Calls of ours go there; the customer's come to us over the connection that we have
registered by, as a carrier's come through a NAT: to our own contact, with the number in To.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from tests.clients.bare import ended, free_port, make_certificate, said
from tests.clients.kamailio import MISSING as NO_KAMAILIO
from tests.clients.kamailio import PROGRAM, answers_at
from tests.unit.carriers.sip.wire import HOST

MISSING = NO_KAMAILIO or (
    ""
    if any(Path("/usr/lib").glob("*/kamailio/modules/tls.so")) or Path("/usr/lib/kamailio/modules/tls.so").exists()
    else "Kamailio speaks no TLS here (Debian: kamailio-tls-modules)"
)
# What its certificate says, and the realm of its passwords.
NAME = "localhost"
USERNAME, PASSWORD = "shop", "Scissors-and-Comb-1"

CONFIG = """\
#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
listen=udp:{host}:{inside}
listen=tls:{host}:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "nathelper.so"
loadmodule "tls.so"
modparam("usrloc", "db_mode", 0)
modparam("auth", "qop", "auth")
modparam("registrar|nathelper", "received_avp", "$avp(received)")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{certificate}")
request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }}
  if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
  if (proto == TLS) {{
    if (is_method("REGISTER")) {{
      if (!pv_www_authenticate("{name}", "{password}", "0")) {{ www_challenge("{name}", "0"); exit; }}
      if ($au != "{username}") {{ sl_send_reply("403", "Forbidden"); exit; }}
      fix_nated_register();
      save("location");
      exit;
    }}
    if (!pv_proxy_authenticate("{name}", "{password}", "0")) {{ proxy_challenge("{name}", "0"); exit; }}
    consume_credentials();
    record_route();
    $ru = "sip:customer@{host}:{customer}";
    t_relay();
    exit;
  }}
  if (!lookup("location", "sip:{username}@{name}")) {{ sl_send_reply("480", "Not Registered"); exit; }}
  record_route();
  t_relay();
}}
"""


class KamailioCarrier(msgspec.Struct, frozen=True):
    """Where it is: `port` over TLS for us, `inside` over UDP for its customer; `authority` is what certifies it."""

    port: int
    inside: int
    authority: Path


@contextlib.asynccontextmanager
async def kamailio_carrier(folder: Path, customer: int) -> AsyncIterator[KamailioCarrier]:
    """The carrier, with a customer at a UDP port."""
    assert PROGRAM is not None
    folder.mkdir()
    make_certificate(folder / "carrier.pem", NAME)
    for attempts_left in range(4, -1, -1):
        carrier = KamailioCarrier(free_tcp_port(), free_port(), folder / "carrier.certificate")
        process = await _started(carrier, folder, customer)
        try:
            await answers_at(process, carrier.inside, folder)
            await _accepts(carrier.port)
            break
        except AssertionError:
            # Somebody was quicker to take a port that was free.
            if not attempts_left or b"Address already in use" not in (folder / "log").read_bytes():
                raise
    try:
        yield carrier
    except BaseException as error:
        error.add_note(f"Kamailio: {said(folder)}")
        raise
    finally:
        await ended(process)


async def _started(carrier: KamailioCarrier, folder: Path, customer: int) -> asyncio.subprocess.Process:
    path = folder / "kamailio.cfg"
    path.write_text(
        CONFIG.format(
            host=HOST,
            port=carrier.port,
            inside=carrier.inside,
            customer=customer,
            certificate=folder / "carrier.pem",
            name=NAME,
            username=USERNAME,
            password=PASSWORD,
        )
    )
    return await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "-f", str(path), "-DD", "-E", "-Y", str(folder), "-w", str(folder), "-P", str(folder / "pid")),
        *("-m", "64", "-M", "4"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )


def free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def _accepts(port: int) -> None:
    """Wait until connections are taken; it listens for datagrams before."""
    async with asyncio.timeout(15):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
