"""The data of the ground floor, opened by today's program while a client goes on trying: nothing is lost."""

import datetime
from pathlib import Path

import pytest

from faults import ground_floor
from faults.supervised import SHOP, Supervised, until
from faults.traffic import Traffic

pytestmark = pytest.mark.slow

MINUTE_MS = 60_000


def test_the_data_of_the_ground_floor_go_on_under_traffic(tmp_path: Path) -> None:
    home = tmp_path / "home"
    known = ground_floor.unpacked(home)
    a_minute_later = datetime.datetime.fromtimestamp(known["made_s"] + 60, datetime.UTC)
    installation = Supervised(home, clock=a_minute_later.isoformat())
    installation.account_sid, installation.auth_token = known["account_sid"], known["auth_token"]

    def messages() -> dict[str, dict[str, str]]:
        listed = installation.call("GET", "Messages.json?PageSize=1000")["messages"]
        return {item["sid"]: item for item in listed}

    def delivered(sids: dict[str, str]) -> bool:
        now = messages()
        return all(now[sid]["status"] == "delivered" for sid in sids)

    client = Traffic(installation, [(SHOP, ground_floor.HANDSET)], "new", callback="")
    client.start()
    try:
        installation.start()
        until(lambda: len(client.acknowledged()) >= 10, 20, "new texts are taken")
        client.stop()
        old = messages()
        words = known["arrived"] | known["queued"] | known["scheduled"]
        assert {sid: old[sid]["body"] for sid in words} == words
        assert [item["body"] for item in old.values() if item["direction"] == "inbound"] == ["Hello from long ago"]
        until(lambda: delivered(known["queued"]), 20, "what was queued went out")
        until(lambda: delivered({text.sid: "" for text in client.acknowledged()}), 20, "new texts arrived")
        assert {messages()[sid]["status"] for sid in known["scheduled"]} == {"scheduled"}

        installation.move_clock(installation.clock_offset_ms() + 15 * MINUTE_MS)
        until(lambda: delivered(known["scheduled"]), 20, "what was scheduled went out at its time")
        shown = installation.simulator("GET", f"/handsets/{ground_floor.HANDSET}/messages")["messages"]
        bodies = [text["body"] for text in shown]
        assert [body for body in bodies if not body.startswith("new ")] == [
            *known["queued"].values(),
            *known["scheduled"].values(),
        ]
        assert [body for body in bodies if body.startswith("new ")] == [text.body for text in client.acknowledged()]
    finally:
        client.stop()
        installation.stop()
