"""How each operation on recordings is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests
from tests.api.test_recordings import in_progress, recorded, voice_process

Recipe = Callable[[Any], requests.Response]

ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
OF_CALL = f"{ACCOUNT}/Calls/{{CallSid}}/Recordings"


def on_recording(method: str, path: str = "/Recordings/{1}.json", *, live: bool = False, **options: Any) -> Recipe:
    """`path` with the call's sid and the recording's, which is under way if `live`."""

    def make(tenant: Any) -> requests.Response:
        call = in_progress(tenant)
        with voice_process(tenant):
            sid = call.recordings.create().sid if live else recorded(tenant, call)
            return tenant.ask(method, path.format(call.sid, sid), **options)

    return make


RECORDING_RECIPES: dict[tuple[str, str], Recipe] = {
    ("GET", f"{ACCOUNT}/Recordings"): on_recording("GET", "/Recordings.json?{1}"),
    ("GET", f"{ACCOUNT}/Recordings/{{Sid}}"): on_recording("GET"),
    ("DELETE", f"{ACCOUNT}/Recordings/{{Sid}}"): on_recording("DELETE"),
    ("POST", OF_CALL): on_recording("POST", "/Calls/{0}/Recordings.json"),
    ("GET", OF_CALL): on_recording("GET", "/Calls/{0}/Recordings.json"),
    ("GET", f"{OF_CALL}/{{Sid}}"): on_recording("GET", "/Calls/{0}/Recordings/{1}.json"),
    ("POST", f"{OF_CALL}/{{Sid}}"): on_recording(
        "POST", "/Calls/{0}/Recordings/{1}.json", live=True, data={"Status": "paused"}
    ),
    ("DELETE", f"{OF_CALL}/{{Sid}}"): on_recording("DELETE", "/Calls/{0}/Recordings/{1}.json"),
}
