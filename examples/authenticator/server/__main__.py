"""python -m server: serve the app on http://localhost:8930.

PORT, AUTHENTICATOR_DATABASE (a file), AUTHENTICATOR_RECOVERY_DELAY_S (24 hours) say otherwise. Approvals need
TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and VERIFY_SERVICE_SID, and VERIFY_URL where the API is not Twilio's.
"""

import os
import time
from collections.abc import Mapping
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer, make_server

from server.app import Application
from server.directory import Directory

if TYPE_CHECKING:
    from server.relay import Relay

RECOVERY_DELAY_S = 86_400


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


def relay_of(given: Mapping[str, str]) -> "Relay | None":
    """To the Verify Service that the environment names, or None where it names none."""
    if "VERIFY_SERVICE_SID" not in given:
        return None
    # The SDK is needed for approvals only.
    from server.relay import Relay

    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "VERIFY_SERVICE_SID")
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise SystemExit(f"approvals need {', '.join(missing)} beside VERIFY_SERVICE_SID")
    return Relay(*(given[name] for name in names), given.get("VERIFY_URL", ""))


def main() -> None:
    port = int(os.environ.get("PORT", "8930"))
    delay_ms = int(os.environ.get("AUTHENTICATOR_RECOVERY_DELAY_S", str(RECOVERY_DELAY_S))) * 1000
    path = os.environ.get("AUTHENTICATOR_DATABASE", "authenticator.db")
    application = Application(Directory(path, lambda: time.time_ns() // 1_000_000, delay_ms), relay_of(os.environ))
    with make_server("127.0.0.1", port, application, server_class=Server) as server:
        print(f"http://localhost:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
