"""A web server that takes callbacks and answers 204: nginx where it is installed, else a small one of our own."""

import asyncio
import contextlib
import multiprocessing
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import uvloop

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
HEAD_END = b"\r\n\r\n"
NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; keepalive_timeout 60s;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fast; uwsgi_temp_path uw; scgi_temp_path sc;
  server { listen 127.0.0.1:%d; location / { return 204; } }
}
"""
START_S = 5


class Sink(NamedTuple):
    """Where it listens, and the process whose CPU it takes."""

    port: int
    pid: int
    name: str


@contextlib.contextmanager
def callback_sink() -> Iterator[Sink]:
    """Serves until left."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    with _nginx(nginx) if nginx else _own() as sink:
        yield sink


@contextlib.contextmanager
def _nginx(program: str) -> Iterator[Sink]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        Path(folder).chmod(0o755)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        Path(folder, "nginx.conf").write_text(NGINX % port)
        command = [program, "-p", folder, "-e", "stderr", "-c", "nginx.conf"]
        with subprocess.Popen(command) as process:
            try:
                _wait_for(port)
                yield Sink(port, process.pid, "nginx")
            finally:
                process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(START_S * 100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.01):
            return
    raise TimeoutError("the sink does not answer")


class OwnSink(asyncio.Protocol):
    """Answers each request: one head and one body of the length that it tells."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._wanted = 0
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._wanted and (end := self._received.find(HEAD_END)) >= 0:
            head = bytes(self._received[:end]).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._wanted = end + len(HEAD_END) + int(length)
        if self._wanted and len(self._received) >= self._wanted:
            self._wanted = 0
            self._received.clear()
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


@contextlib.contextmanager
def _own() -> Iterator[Sink]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        assert process.pid is not None
        yield Sink(ours.recv(), process.pid, "uvloop")
    finally:
        process.terminate()
        process.join()


def _serve(port: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(OwnSink, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())
