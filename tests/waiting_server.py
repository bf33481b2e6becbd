"""A web server for tests in which many connections may wait: the library's own lets five, and drops others."""

from http.server import ThreadingHTTPServer


class WaitingServer(ThreadingHTTPServer):
    """A server on a free port of 127.0.0.1 is `WaitingServer(("127.0.0.1", 0), Handler)`."""

    daemon_threads = True
    request_queue_size = 256
