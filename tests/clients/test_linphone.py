"""linphonec registers at a SIP Domain with SHA-256, calls us and is called, over UDP, TCP, and TLS with SRTP.

It comes from Debian's linphone-cli; without it these tests skip.
"""

from pathlib import Path

import pytest
from tests.clients.domain_phone import ALICE, RECORD, SHOP, description, served, ways
from tests.clients.linphone import MISSING, linphone
from tests.unit.carriers.sip.desk import DOMAIN, SID, Ear
from tests.unit.carriers.sip.wire import eventually, run

from ringfence.carriers.sip.listen import Kind

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")


@ways
def test_it_registers_calls_us_and_is_called(tmp_path: Path, kind: Kind, secure: bool) -> None:
    async def story() -> None:
        site, port = await served(kind, tmp_path, description(secure=secure))
        async with linphone(tmp_path / "phone", kind, port) as phone:
            await eventually(lambda: bool(site.lines.registrar.bindings(RECORD)))
            await phone.type(f"call sip:1000@{DOMAIN}")
            await eventually(lambda: any(("answered", b"") in ear.told for ear in site.desk.ears))
            (line,) = site.desk.lines
            assert (line.to, line.source) == (f"sip:1000@{DOMAIN}", f"domain:{SID}")
            assert line.media == ("srtp" if secure else "rtp")
            await phone.type("terminate")
            await eventually(lambda: site.desk.ears[0].end == 200)

            (route,) = await site.lines.routes(ALICE)
            ear = Ear()
            called = await site.lines.call(route, ALICE, SHOP, description(secure=secure), ear)
            await eventually(lambda: any(told[0] == "answered" for told in ear.told))
            called.hang_up()
            await eventually(lambda: ear.end == 200)
        await site.close()

    run(story)
