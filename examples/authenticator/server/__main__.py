"""python -m server: serve the app on http://localhost:8930 (PORT says another port)."""

import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from server.app import Application


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main() -> None:
    port = int(os.environ.get("PORT", "8930"))
    with make_server("127.0.0.1", port, Application(), server_class=Server) as server:
        print(f"http://localhost:{port}")
        server.serve_forever()


if __name__ == "__main__":
    main()
