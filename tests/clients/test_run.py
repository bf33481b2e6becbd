"""`ringfence run`: stock programs on the official SDKs, none of which knows anything of ringfence."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from tests.waiting_server import WaitingServer
from twilio.request_validator import RequestValidator

TOKEN = "the-token-that-the-program-presents"
_account = itertools.count(1)
_line = itertools.count(150)

SYNC = """
import os
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

client = Client(os.environ["ACCOUNT"], os.environ["TOKEN"])
made = client.messages.create(
    from_=os.environ["SENDER"], to="+12025550177", body="stock", status_callback=os.environ.get("CALLBACK")
)
print(made.status, client.messages(made.sid).fetch().body, len(client.messages.list(limit=5)))
try:
    client.taskrouter.v1.workspaces.create(friendly_name="x")
except TwilioRestException as refused:
    print(refused.status)
"""

ASYNC = """
import asyncio, os
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

async def main():
    async with AsyncTwilioHttpClient() as http:
        client = Client(os.environ["ACCOUNT"], os.environ["TOKEN"], http_client=http)
        made = await client.messages.create_async(from_=os.environ["SENDER"], to="+12025550177", body="stock")
        fetched = await client.messages(made.sid).fetch_async()
        print(made.status, fetched.body)

asyncio.run(main())
"""

NODE = """
import twilio from "twilio";

const { ACCOUNT, TOKEN, SENDER } = process.env;
const client = twilio(ACCOUNT, TOKEN);
const made = await client.messages.create({ from: SENDER, to: "+12025550177", body: "stock" });
const fetched = await client.messages(made.sid).fetch();
console.log(made.status, fetched.body);
await client.taskrouter.v1.workspaces.create({ friendlyName: "x" }).catch((error) => console.log(error.status));
"""

SERVICE = """
import os
from twilio.rest import Client

client = Client(os.environ["ACCOUNT"], os.environ["TOKEN"])
made = client.messages.create(messaging_service_sid=os.environ["SERVICE"], to="+12025550177", body="stock")
print(made.status, made.from_, client.messages(made.sid).fetch().from_)
(service,) = client.messaging.v1.services.list(page_size=1)
(number,) = service.phone_numbers.list()
print(service.sid, number.phone_number, service.url)
for n in range(2):
    client.messaging.v1.services.create(friendly_name=f"more {n}")
print(len(client.messaging.v1.services.list(page_size=1)))
"""

USE = """
import aiohttp
import ringfence

ringfence.use(data=DATA, port=PORT)
ringfence.use(data=DATA, port=PORT)
"""


JAVA = """
import java.net.*;
import java.net.http.*;

class Stock {
    public static void main(String[] none) throws Exception {
        String url = "https://api.twilio.com/2010-04-01/Accounts.json";
        System.out.println(((HttpURLConnection) new URL(url).openConnection()).getResponseCode());
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        HttpResponse<Void> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
        System.out.println(answer.statusCode());
    }
}
"""


class Stock:
    """An account and a sender that nobody has heard of, and programs that use them under `ringfence run`."""

    def __init__(self, installation: Any, folder: Path) -> None:
        self._installation = installation
        self._folder = folder
        self.account = f"AC{next(_account):032x}"
        self.sender = f"+1415555{next(_line):04}"
        self.environment = installation.environment | {
            "ACCOUNT": self.account,
            "TOKEN": TOKEN,
            "SENDER": self.sender,
            "TERM": "dumb",
        }

    def run(self, *command: str, flags: tuple[str, ...] = (), **environment: str) -> "subprocess.CompletedProcess[str]":
        place = ["--data", str(self._installation.data), "--port", str(self._installation.port)]
        return subprocess.run(
            [sys.executable, "-m", "ringfence", "run", *place, *flags, "--", *command],
            cwd=self._folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def stock(installation: Any, tmp_path: Path) -> Stock:
    return Stock(installation, tmp_path)


def test_stock_python_texts_and_its_callbacks_carry_its_own_signature(stock: Stock, webhooks: Any) -> None:
    url = f"{webhooks.url}/status"
    done = stock.run(sys.executable, "-c", SYNC, CALLBACK=url)
    assert done.stdout == "queued stock 1\n501\n", done.stderr
    assert done.stderr.splitlines() == [
        f"ringfence: account {stock.account} was new: made, with the Auth Token that the program presented",
        f"ringfence: {stock.sender} was nobody's: it belongs to {stock.account} now",
        "ringfence: 501: POST /v1/Workspaces is not available here yet.",
    ]
    told = webhooks.await_one(lambda webhook: webhook.form.get("MessageStatus") == "delivered")
    assert RequestValidator(TOKEN).validate(url, told.form, told.headers["X-Twilio-Signature"])
    again = stock.run(sys.executable, "-c", SYNC)
    assert again.stdout == "queued stock 2\n501\n"
    assert "was new" not in again.stderr
    assert "nobody's" not in again.stderr


def test_a_messaging_service_is_made_with_a_number_and_sends(stock: Stock) -> None:
    sid = f"MG{stock.account[2:]}"
    done = stock.run(sys.executable, "-c", SERVICE, SERVICE=sid)
    found = re.search(rf"Messaging Service {sid} was new: made, with (\+1\d+) in its pool", done.stderr)
    assert found is not None, done.stderr
    assert done.stdout.splitlines() == [
        f"accepted None {found[1]}",
        f"{sid} {found[1]} https://messaging.twilio.com/v1/Services/{sid}",
        "3",
    ]


def test_where_calls_are_to_go_is_kept_and_said(stock: Stock) -> None:
    url = "http://localhost:5000/voice"
    done = stock.run(sys.executable, "-c", SYNC, flags=("--voice-url", url))
    assert f"ringfence: calls to {stock.sender} go to {url} now" in done.stderr


def test_stock_asynchronous_python(stock: Stock) -> None:
    done = stock.run(sys.executable, "-c", ASYNC)
    assert done.stdout == "queued stock\n", done.stderr


def test_stock_node(installation: Any, node_folder: Path) -> None:
    (node_folder / "stock.mjs").write_text(NODE)
    stock = Stock(installation, node_folder)
    done = stock.run("node", "stock.mjs")
    assert done.stdout == "queued stock\n501\n", done.stderr
    assert f"account {stock.account} was new" in done.stderr


def test_both_clients_of_the_jvm_find_proxy_and_authority(stock: Stock, tmp_path: Path) -> None:
    if shutil.which("javac") is None:
        pytest.skip("no JDK is installed")
    (tmp_path / "Stock.java").write_text(JAVA)
    done = stock.run("java", "Stock.java")
    # Nobody signed in: it is the installation that says so.
    assert done.stdout == "401\n401\n", done.stderr


def test_curl_finds_proxy_and_authority(stock: Stock) -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{stock.account}.json"
    done = stock.run("curl", "-sS", "-u", f"{stock.account}:{TOKEN}", "-o", os.devnull, "-w", "%{http_code}", url)
    assert done.stdout == "200", done.stderr


def test_one_line_in_python_does_the_same_for_its_own_process(installation: Any, stock: Stock) -> None:
    line = USE.replace("DATA", repr(str(installation.data))).replace("PORT", str(installation.port))
    done = subprocess.run(
        [sys.executable, "-c", line + SYNC + ASYNC],
        env=stock.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "queued stock 1\n501\nqueued stock\n", done.stderr
    assert done.stderr.count(f"account {stock.account} was new") == 1


def test_a_program_that_names_no_account_gets_the_first_one(installation: Any, stock: Stock) -> None:
    shown = stock.run("sh", "-c", "echo $TWILIO_ACCOUNT_SID $TWILIO_AUTH_TOKEN")
    assert shown.stdout.split() == [installation.account_sid, installation.auth_token]
    own = stock.run("sh", "-c", "echo $TWILIO_ACCOUNT_SID $TWILIO_AUTH_TOKEN", TWILIO_ACCOUNT_SID="AC1")
    assert own.stdout.split() == ["AC1"]


def test_texts_reach_the_url_that_was_given(installation: Any, stock: Stock, webhooks: Any, handset: Any) -> None:
    done = stock.run(
        "true",
        flags=("--sms-url", f"{webhooks.url}/sms"),
        TWILIO_ACCOUNT_SID=stock.account,
        TWILIO_AUTH_TOKEN=TOKEN,
    )
    found = re.search(r"(\+1\d+) was nobody's: it belongs to (AC\w+) now; texts to it go to (\S+)", done.stderr)
    assert found is not None, done.stderr
    assert found[2] == stock.account
    phone = handset("+12025550176")
    phone._shop = found[1]
    phone.reply("hello")
    came = webhooks.await_one(lambda webhook: webhook.form.get("Body") == "hello")
    assert (came.path, came.form["To"], came.form["AccountSid"]) == ("/sms", found[1], stock.account)
    assert RequestValidator(TOKEN).validate(f"{webhooks.url}/sms", came.form, came.headers["X-Twilio-Signature"])


def test_another_host_is_reached_by_its_own_certificate_alone(stock: Stock, tmp_path: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"other " + self.headers["Host"].encode())

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = WaitingServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        # With no host beside the proxy, even this machine's other servers are asked for through it.
        host = f"127.0.0.1:{server.server_address[1]}"
        done = stock.run("curl", "-sS", "--noproxy", "", f"http://{host}/")
        assert done.stdout == f"other {host}", done.stderr
        tunnelled = stock.run("curl", "-sS", "--noproxy", "", "--proxytunnel", f"http://{host}/")
        assert tunnelled.stdout == f"other {host}", tunnelled.stderr
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_program_that_pins_is_told_why_it_fails(stock: Stock) -> None:
    program = (
        "import ssl, socket, os, urllib.request as u\n"
        "context = ssl.create_default_context(cafile=__import__('certifi').where())\n"
        "os.environ.pop('SSL_CERT_FILE')\n"
        "u.build_opener(u.HTTPSHandler(context=context)).open('https://api.twilio.com/')\n"
    )
    done = stock.run(sys.executable, "-c", program)
    assert done.returncode == 1
    assert "ringfence: api.twilio.com: the program refused the certificate (" in done.stderr


def test_the_exit_code_is_the_programs_and_nothing_is_left(stock: Stock) -> None:
    shown = stock.run("sh", "-c", "echo $SSL_CERT_FILE; exit 9")
    assert shown.returncode == 9
    assert not Path(shown.stdout.strip()).parent.exists()


@pytest.mark.parametrize(
    ("flags", "environment", "words", "code"),
    [
        (("--port", "1"), {}, "at port 1 of 127.0.0.1 nothing answers → name its port", 1),
        (("--data", "nowhere"), {}, "nowhere → start it in another terminal: ringfence up", 1),
        (("--sms-url", "localhost:5000"), {}, "--sms-url: not an http or https URL → write it as", 2),
        ((), {"RINGFENCE_MODE": "production", "RINGFENCE_BASE_URL": "https://a.example"}, "this is production → ", 1),
        ((), {"HTTPS_PROXY": "socks5://a:1"}, "HTTPS_PROXY is no http:// URL → ", 2),
    ],
)
def test_what_cannot_be_has_cause_and_cure(
    stock: Stock, flags: tuple[str, ...], environment: dict[str, str], words: str, code: int
) -> None:
    done = stock.run("echo", "ran", flags=flags, **environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_is_not_there(stock: Stock) -> None:
    done = stock.run("no-such-program")
    assert (done.returncode, done.stderr.splitlines()) == (
        127,
        ["error: no-such-program: no such command → write it as in a shell: ringfence run -- python app.py"],
    )


def test_the_authority_is_kept_outside_the_data_folder(installation: Any, stock: Stock) -> None:
    stock.run("true")
    kept = list((Path(stock.environment["XDG_CONFIG_HOME"]) / "ringfence").rglob("authority.pem"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert list(installation.data.rglob("authority.pem")) == []
