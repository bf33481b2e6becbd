"""python -m server: serve the app on http://localhost:8930.

PORT, AUTHENTICATOR_DATABASE (a file), AUTHENTICATOR_RECOVERY_DELAY_S (24 hours) say otherwise.
"""

import os
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from server.app import Application
from server.directory import Directory

RECOVERY_DELAY_S = 86_400


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


def main() -> None:
    port = int(os.environ.get("PORT", "8930"))
    delay_ms = int(os.environ.get("AUTHENTICATOR_RECOVERY_DELAY_S", str(RECOVERY_DELAY_S))) * 1000
    path = os.environ.get("AUTHENTICATOR_DATABASE", "authenticator.db")
    application = Application(Directory(path, lambda: time.time_ns() // 1_000_000, delay_ms))
    with make_server("127.0.0.1", port, application, server_class=Server) as server:
        print(f"http://localhost:{port}")
        server.serve_forever()


if __name__ == "__main__":
    main()
