"""What `ringfence run` adds to a request: the same one straight to the installation and by way of the proxy, in turn.

    python benchmarks/devproxy.py [--requests 300]

Both run in one program under `ringfence run`, each on a connection that is open already, one request at a time. The
installation is started for it and stopped again. The figure that counts is the ratio; times hang on the machine.
"""

import argparse
import base64
import http.client
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

WARM_UP = 20
MEASURED = "RINGFENCE_MEASURED_URL"


def connections() -> dict[str, http.client.HTTPConnection]:
    straight = urllib.parse.urlsplit(os.environ[MEASURED])
    proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
    proxied = http.client.HTTPSConnection(
        str(proxy.hostname), proxy.port, context=ssl.create_default_context(), timeout=10
    )
    proxied.set_tunnel("api.twilio.com", 443)
    return {
        "straight": http.client.HTTPConnection("127.0.0.1", straight.port, timeout=10),
        "proxied": proxied,
    }


def measure(requests: int) -> None:
    """In the program under the proxy: fetch the account again and again."""
    name, secret = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    headers = {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}
    took_ms: dict[str, list[float]] = {"straight": [], "proxied": []}
    opened = connections()
    began_s = time.perf_counter()
    opened["proxied"].connect()
    handshake_ms = (time.perf_counter() - began_s) * 1_000
    for turn in range(WARM_UP + requests):
        for way, connection in opened.items():
            started_s = time.perf_counter()
            connection.request("GET", f"/2010-04-01/Accounts/{name}.json", headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
            if turn >= WARM_UP:
                took_ms[way].append((time.perf_counter() - started_s) * 1_000)
    straight, proxied = (statistics.median(took_ms[way]) for way in ("straight", "proxied"))
    print(
        f"straight {straight:.2f} ms, proxied {proxied:.2f} ms: {proxied / straight:.2f} times,"
        f" {proxied - straight:.2f} ms more (medians of {requests}); a new connection takes {handshake_ms:.1f} ms once"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    if MEASURED in os.environ:
        measure(options.requests)
        return
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGFENCE_", "TWILIO_"))}
        environment = kept | {"HOME": home, "XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/share"}
        ringfence = [sys.executable, "-m", "ringfence"]
        up = subprocess.Popen(
            [*ringfence, "up", "--port", "0", "--json"],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert up.stdout is not None
        try:
            url = json.loads(up.stdout.readline())["base_url"]
            again = [sys.executable, str(Path(__file__).resolve()), "--requests", str(options.requests)]
            subprocess.run(
                [*ringfence, "run", "--port", url.rpartition(":")[2], "--", *again],
                cwd=home,
                env=environment | {MEASURED: url},
                check=True,
                timeout=120,
            )
        finally:
            up.terminate()
            up.wait(20)


if __name__ == "__main__":
    main()
