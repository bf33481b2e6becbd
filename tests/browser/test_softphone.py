"""The softphone's SIP in Chromium, a module and a message at a time: what it says to a scripted server."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute
from tests.browser.conftest import Stand, on_a_desk

pytestmark = pytest.mark.browser

MODULES = "/phones/softphone"
INVITE = """INVITE sip:{user}@{host};transport=ws SIP/2.0
Via: SIP/2.0/WS server.example;branch=z9hG4bKinvite
Max-Forwards: 70
Record-Route: <sip:edge.example;lr>
From: "Fade & Co" <sip:+12025550123@server.example>;tag=theirs
To: <sip:+12025550177@server.example>
Call-ID: call-1
CSeq: 5 INVITE
Contact: <sip:switch@server.example;transport=ws>
Content-Type: application/sdp
Content-Length: 7

v=offer"""

# A phone whose media is words: what is asked of it is noted, and its descriptions say what they are.
PHONE = """async (password) => {
  const { UserAgent } = await import("/phones/softphone/user_agent.js");
  window.asked = [];
  class Media extends EventTarget {
    silent = false;
    note(...words) { window.asked.push(words.join(" ")); }
    async offer() { this.note("offer"); return "v=offer"; }
    async answer(sdp) {
      this.note("answer", sdp);
      if (sdp === "v=bad") throw new Error("bad");
      if (sdp === "v=slow") await new Promise(() => {});
      return "v=answer";
    }
    async accept(sdp, type = "answer") { this.note("accept", sdp, type); }
    async reoffer(direction) { this.note("reoffer", direction); return `v=${direction}`; }
    async rollback() { this.note("rollback"); }
    setMuted(muted) { this.note("muted", muted); }
    press(key) { this.note("press", key); }
    levels() { return { mine: 0, theirs: 0 }; }
    close() { this.note("close"); }
  }
  window.agent = new UserAgent({
    url: "ws://sip.test/", user: "+12025550177", domain: "server.example", password, media: () => new Media(),
  });
  agent.addEventListener("call", ({ detail }) => (window.call = detail));
  agent.start();
}"""


class Server:
    """The other end of the WebSocket, which a test speaks for: `heard` is what the phone said and nobody took yet."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heard: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        page.route_web_socket("ws://sip.test/", self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self.heard.append(str(text)))

    def take(self, start: str) -> str:
        """The next message, which begins so."""
        until(self.page, lambda: self.heard)
        message = self.heard.pop(0)
        assert message.startswith(start), message
        return message

    def say(self, text: str) -> None:
        self.sockets[-1].send(text.replace("\r\n", "\n").replace("\n", "\r\n"))

    def answer(self, request: str, status: str, *headers: str, body: str = "", tag: str = "theirs") -> None:
        """Answer a request of the phone."""
        copied = [line for line in head(request) if re.match(r"(Via|From|Call-ID|CSeq):", line)]
        to = value(request, "To")
        if ";tag=" not in to and not status.startswith("100"):
            to += f";tag={tag}"
        lines = [f"SIP/2.0 {status}", *copied, f"To: {to}", *headers, f"Content-Length: {len(body)}", "", body]
        self.say("\n".join(lines))

    def registered(self) -> "Server":
        register = self.take("REGISTER ")
        self.answer(register, "200 OK", f"Contact: {value(register, 'Contact')}")
        until(self.page, lambda: self.page.evaluate("agent.state") == "ready")
        return self

    def invite(self, body: str = "v=offer") -> None:
        contact = self.page.evaluate("agent.contact")
        user, host = re.match(r"<sip:(\w+)@([\w.]+);", contact).groups()  # type: ignore[union-attr]
        text = INVITE.format(user=user, host=host).replace("v=offer", body)
        self.say(text.replace("Content-Length: 7", f"Content-Length: {len(body)}"))


def head(message: str) -> list[str]:
    return message.split("\r\n\r\n")[0].split("\r\n")


def body_of(message: str) -> str:
    return message.partition("\r\n\r\n")[2]


def value(message: str, name: str) -> str:
    return next((line.partition(": ")[2] for line in head(message) if line.startswith(f"{name}: ")), "")


def until(page: Page, condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        page.wait_for_timeout(10)
    pytest.fail("it did not come to pass")


# Nothing is kept of a call, so tests need no more of their own than a page.
@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    stand = Stand()
    yield stand
    stand.stop()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with on_a_desk(browser) as context:
        yield context


@pytest.fixture
def blank(context: BrowserContext, stand: Stand) -> Iterator[Page]:
    """A page of the same origin that does nothing of its own."""
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{stand.url}/phones/icon.svg")
    yield page
    page.close()
    assert failures == []


@pytest.fixture
def server(blank: Page) -> Server:
    server = Server(blank)
    blank.evaluate(PHONE, "")
    return server


def ringing(server: Server) -> str:
    """A call that rings on the phone: its 180."""
    server.registered().invite()
    return server.take("SIP/2.0 180 Ringing")


def talking(server: Server) -> str:
    """A call that the phone has answered: its 200."""
    ringing(server)
    server.page.evaluate("call.answer()")
    answer = server.take("SIP/2.0 200 OK")
    server.say(in_dialog(answer, "ACK", 5))
    until(server.page, lambda: server.page.evaluate("call.state") == "talking")
    return answer


def in_dialog(answer: str, method: str, number: int, body: str = "", branch: str = "z9hG4bKnext") -> str:
    """A request of the caller, inside the call that the phone answered so."""
    return "\n".join(
        [
            f"{method} sip:x@y.invalid SIP/2.0",
            f"Via: SIP/2.0/WS server.example;branch={branch}{number}",
            "Max-Forwards: 70",
            f"From: {value(answer, 'From')}",
            f"To: {value(answer, 'To')}",
            "Call-ID: call-1",
            f"CSeq: {number} {method}",
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
    )


def module(page: Page, name: str, expression: str, *values: Any) -> Any:
    """What an expression over a module's names (as `m`) gives for values (as `v`)."""
    return page.evaluate(f"async (v) => {{ const m = await import('{name}'); return {expression}; }}", list(values))


def test_a_message_reads_back_as_it_was_written(blank: Page) -> None:
    text = INVITE.format(user="a", host="b.invalid").replace("\n", "\r\n")
    expression = "String(m.parseMessage(v[0]))"
    written = module(blank, f"{MODULES}/sip_message.js", expression, text)
    assert module(blank, f"{MODULES}/sip_message.js", expression, written) == written
    assert sorted(head(written)) == sorted(head(text))
    assert body_of(written) == "v=offer"


def test_short_names_and_folded_lines_are_read(blank: Page) -> None:
    text = (
        "SIP/2.0 200 \r\nv: SIP/2.0/WS a;branch=z9hG4bK1\r\n"
        "f: <sip:a@b>\r\nt: <sip:c@d>;\r\n\ttag=7\r\ni: x\r\nCSeq: 1 BYE\r\n\r\n"
    )
    read = module(
        blank, f"{MODULES}/sip_message.js", "{t: m.parseMessage(v[0]).get('to'), b: m.parseMessage(v[0]).branch}", text
    )
    assert read == {"t": "<sip:c@d>; tag=7", "b": "z9hG4bK1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n\r\n",
        "INVITE sip:a SIP/2.0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nVia: a;branch=b\r\nFrom: a\r\nTo: a\r\nCall-ID: a\r\nCSeq: 1 A\r\n\r\n",
        "SIP/2.0 200 OK\r\nVia: a\r\nFrom: a\r\nTo: a\r\nCall-ID: a\r\nCSeq: 1 A\r\n\r\n",
        "SIP/2.0 200 OK\r\nno header\r\nVia: a;branch=b\r\nFrom: a\r\nTo: a\r\nCall-ID: a\r\nCSeq: 1 A\r\n\r\n",
        "x" * 70_000 + "\r\n\r\n",
    ],
)
def test_what_is_no_message_is_none(blank: Page, text: str) -> None:
    assert module(blank, f"{MODULES}/sip_message.js", "m.parseMessage(v[0])", text) is None


@pytest.mark.parametrize(
    ("written", "display", "uri", "tag", "user"),
    [
        ('"Fade \\"&\\" Co" <sip:+1202@h;x=y>;tag=a;z', 'Fade "&" Co', "sip:+1202@h;x=y", "a", "+1202"),
        ("Sam <sip:sam%40home@h>", "Sam", "sip:sam%40home@h", "", "sam@home"),
        ("sip:a:secret@h;tag=b", "", "sip:a:secret@h", "b", "a"),
        ("<sip:h>;tag=c", "", "sip:h", "c", ""),
        ("<sip:%zz@h>", "", "sip:%zz@h", "", "%zz"),
    ],
)
def test_addresses_are_taken_apart(blank: Page, written: str, display: str, uri: str, tag: str, user: str) -> None:
    expression = "{...m.parseAddress(v[0]), user: m.userOf(m.parseAddress(v[0]).uri)}"
    read = module(blank, f"{MODULES}/sip_message.js", expression, written)
    assert read == {"display": display, "uri": uri, "tag": tag, "user": user}


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+1 (202) 555-0123", "+12025550123"),
        ("2025550123", "+12025550123"),
        ("12025550123", "+12025550123"),
        ("+447700900321", "+447700900321"),
        ("12345", "12345"),
        ("12", None),
        ("+0123456789", None),
        ("ada", None),
    ],
)
def test_what_is_typed_becomes_a_number(blank: Page, typed: str, number: str | None) -> None:
    assert module(blank, "/phones/dialer.js", "m.callee(v[0])", typed) == number


def test_it_registers_and_says_where_it_is_reached(server: Server) -> None:
    register = server.take("REGISTER sip:server.example SIP/2.0")
    assert value(register, "To") == "<sip:+12025550177@server.example>"
    assert value(register, "From").startswith("<sip:+12025550177@server.example>;tag=")
    assert re.fullmatch(r"<sip:\w+@\w+\.invalid;transport=ws>;expires=600", value(register, "Contact"))
    assert "Authorization" not in register
    server.answer(register, "200 OK", f"Contact: {value(register, 'Contact')}")
    until(server.page, lambda: server.page.evaluate("agent.state") == "ready")


def test_a_client_shows_its_token(blank: Page) -> None:
    server = Server(blank)
    blank.evaluate(PHONE, "a.token")
    assert value(server.take("REGISTER "), "Authorization") == "Bearer a.token"


def test_a_refusal_is_told(server: Server) -> None:
    server.answer(server.take("REGISTER "), "403 Forbidden")
    until(server.page, lambda: server.page.evaluate("agent.state") == "refused")
    assert server.page.evaluate("agent.problem") == "403 Forbidden"


def test_a_lost_connection_is_opened_again_and_registered_again(server: Server) -> None:
    server.registered()
    server.sockets[-1].close()
    until(server.page, lambda: server.page.evaluate("agent.state") == "away")
    again = server.take("REGISTER ")
    assert len(server.sockets) == 2
    server.answer(again, "200 OK", f"Contact: {value(again, 'Contact')}")
    until(server.page, lambda: server.page.evaluate("agent.state") == "ready")


def test_a_lost_connection_ends_the_call_and_leaves_room_for_the_next(server: Server) -> None:
    talking(server)
    server.sockets[-1].close()
    until(server.page, lambda: server.page.evaluate("call.state") == "ended")
    assert server.page.evaluate("call.outcome") == "lost"
    until(server.page, lambda: "close" in server.page.evaluate("asked"))
    server.registered()
    assert server.page.evaluate("agent.call") is None


def test_leaving_takes_the_registration_back(server: Server) -> None:
    server.registered()
    server.page.evaluate("agent.stop()")
    assert value(server.take("REGISTER "), "Contact").endswith(";expires=0")


def test_a_call_rings_and_is_answered_and_ended(server: Server) -> None:
    rung = ringing(server)
    assert server.page.evaluate("[call.state, call.peer, call.name]") == ["incoming", "+12025550123", "Fade & Co"]
    assert value(rung, "Record-Route") == "<sip:edge.example;lr>"
    server.page.evaluate("call.answer()")
    answer = server.take("SIP/2.0 200 OK")
    assert value(answer, "To") == value(rung, "To"), "one tag for the whole call"
    assert (body_of(answer), value(answer, "Content-Type")) == ("v=answer", "application/sdp")
    assert server.page.evaluate("call.state") == "connecting"
    server.say(in_dialog(answer, "ACK", 5))
    until(server.page, lambda: server.page.evaluate("call.state") == "talking")
    server.page.evaluate("call.hangUp()")
    bye = server.take("BYE sip:switch@server.example;transport=ws SIP/2.0")
    assert value(bye, "Route") == "<sip:edge.example;lr>"
    assert value(bye, "From") == value(answer, "To")
    assert value(bye, "To") == '"Fade & Co" <sip:+12025550123@server.example>;tag=theirs'
    server.answer(bye, "200 OK")
    until(server.page, lambda: "close" in server.page.evaluate("asked"))


def test_an_invite_that_comes_again_gets_the_same_answer(server: Server) -> None:
    first = ringing(server)
    server.invite()
    assert server.take("SIP/2.0 180") == first
    assert server.page.evaluate("asked") == []


def test_an_offer_that_cannot_be_met_is_refused(server: Server) -> None:
    server.registered().invite("v=bad")
    server.take("SIP/2.0 180")
    server.page.evaluate("call.answer()")
    server.take("SIP/2.0 488 ")
    assert server.page.evaluate("call.isOver")


def test_who_hangs_up_while_the_microphone_is_asked_for_declines(server: Server) -> None:
    server.registered().invite("v=slow")
    server.take("SIP/2.0 180")
    server.page.evaluate("void call.answer()")
    until(server.page, lambda: server.page.evaluate("call.state") == "connecting")
    server.page.evaluate("call.hangUp()")
    server.take("SIP/2.0 486 ")
    assert server.page.evaluate("[call.state, call.outcome]") == ["ended", "declined"]


def test_a_caller_that_offers_late_is_answered_in_its_acknowledgement(server: Server) -> None:
    server.registered().invite("")
    server.take("SIP/2.0 180")
    server.page.evaluate("call.answer()")
    answer = server.take("SIP/2.0 200 OK")
    assert body_of(answer) == "v=offer"
    server.say(in_dialog(answer, "ACK", 5, "v=late"))
    until(server.page, lambda: server.page.evaluate("call.state") == "talking")
    assert server.page.evaluate("asked") == ["offer", "accept v=late answer"]


def test_a_caller_that_gives_up_is_told_twice(server: Server) -> None:
    rung = ringing(server)
    cancel = in_dialog(rung, "CANCEL", 5).replace("z9hG4bKnext5", "z9hG4bKinvite")
    server.say(re.sub(r"(To: [^;\n]*);tag=\w+", r"\1", cancel))
    server.take("SIP/2.0 200 OK")
    server.take("SIP/2.0 487 ")
    assert server.page.evaluate("[call.state, call.outcome]") == ["ended", "missed"]


def test_a_second_call_finds_the_phone_busy(server: Server) -> None:
    ringing(server)
    second = INVITE.format(user="a", host="b.invalid").replace("call-1", "call-2").replace("z9hG4bKinvite", "z9hG4bK2")
    server.say(second)
    server.take("SIP/2.0 486 ")
    assert server.page.evaluate("call.state") == "incoming"


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", "200"), ("BYE", "481"), ("CANCEL", "481"), ("SUBSCRIBE", "405")]
)
def test_what_belongs_to_no_call_is_answered_as_it_must_be(server: Server, method: str, status: str) -> None:
    server.registered()
    request = in_dialog("From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>", method, 1)
    server.say(request.replace("To: <sip:c@d>", "To: <sip:c@d>;tag=9" if method == "BYE" else "To: <sip:c@d>"))
    server.take(f"SIP/2.0 {status} ")


def test_the_other_end_changes_holds_and_ends_the_call(server: Server) -> None:
    answer = talking(server)
    server.say(in_dialog(answer, "INVITE", 6, "v=0\r\na=sendonly\r\n"))
    assert body_of(server.take("SIP/2.0 200 OK")) == "v=answer"
    assert server.page.evaluate("call.theyHold")
    server.say(in_dialog(answer, "UPDATE", 7))
    server.take("SIP/2.0 200 OK")
    server.say(in_dialog(answer, "INVITE", 8, "v=bad"))
    server.take("SIP/2.0 488 ")
    server.say(in_dialog(answer, "INFO", 4))
    server.take("SIP/2.0 500 ")
    server.say(in_dialog(answer, "BYE", 9))
    server.take("SIP/2.0 200 OK")
    assert server.page.evaluate("[call.state, call.outcome]") == ["ended", "answered"]


def test_a_hold_is_offered_and_acknowledged(server: Server) -> None:
    talking(server)
    server.page.evaluate("call.hold(true)")
    offer = server.take("INVITE sip:switch@server.example")
    assert body_of(offer) == "v=sendonly"
    server.say(in_dialog("From: x\r\nTo: y", "OPTIONS", 1))
    server.take("SIP/2.0 200 OK")
    server.answer(offer, "200 OK", "Contact: <sip:moved@server.example>", body="v=held")
    ack = server.take("ACK sip:moved@server.example SIP/2.0")
    assert value(ack, "CSeq") == value(offer, "CSeq").replace("INVITE", "ACK")
    assert server.page.evaluate("[call.held, asked.at(-1)]") == [True, "accept v=held answer"]


def test_a_hold_that_is_refused_leaves_all_as_it_was(server: Server) -> None:
    talking(server)
    server.page.evaluate("call.hold(true)")
    server.answer(server.take("INVITE "), "488 Not Acceptable Here")
    server.take("ACK ")
    assert server.page.evaluate("[call.held, call.problem, call.state, asked.at(-1)]") == [
        False,
        "They cannot be held.",
        "talking",
        "muted false",
    ]
    assert "rollback" in server.page.evaluate("asked")


def test_it_calls_out_hears_ringing_and_acknowledges(server: Server) -> None:
    server.registered()
    server.page.evaluate("agent.dial('+12025550123')")
    invite = server.take("INVITE sip:+12025550123@server.example SIP/2.0")
    assert body_of(invite) == "v=offer"
    server.answer(invite, "100 Trying")
    server.answer(invite, "183 Session Progress", "Contact: <sip:switch@server.example>", body="v=early")
    until(server.page, lambda: server.page.evaluate("call.state") == "ringing")
    assert server.page.evaluate("call.early")
    server.answer(invite, "200 OK", "Contact: <sip:switch@server.example>", body="v=final")
    ack = server.take("ACK sip:switch@server.example SIP/2.0")
    assert value(ack, "CSeq") == "1 ACK"
    until(server.page, lambda: server.page.evaluate("call.state") == "talking")
    assert server.page.evaluate("asked") == ["offer", "accept v=early pranswer", "accept v=final answer"]


@pytest.mark.parametrize(
    ("status", "outcome"), [("486 Busy Here", "busy"), ("404 Not Found", "unknown"), ("599 Odd", "failed (599)")]
)
def test_a_refusal_is_acknowledged_and_named(server: Server, status: str, outcome: str) -> None:
    server.registered()
    server.page.evaluate("agent.dial('+12025550123')")
    invite = server.take("INVITE ")
    server.answer(invite, status)
    ack = server.take("ACK sip:+12025550123@server.example SIP/2.0")
    assert value(ack, "Via") == value(invite, "Via"), "of the same transaction"
    assert value(ack, "To").endswith(";tag=theirs")
    assert server.page.evaluate("[call.state, call.outcome]") == ["ended", outcome]


def test_a_call_that_is_given_up_is_called_back_once_it_was_heard_of(server: Server) -> None:
    server.registered()
    server.page.evaluate("agent.dial('+12025550123')")
    invite = server.take("INVITE ")
    server.page.evaluate("call.hangUp()")
    server.page.wait_for_timeout(50)
    assert server.heard == [], "nothing may be called back before its first answer"
    server.answer(invite, "180 Ringing")
    cancel = server.take("CANCEL sip:+12025550123@server.example SIP/2.0")
    assert (value(cancel, "Via"), value(cancel, "CSeq")) == (value(invite, "Via"), "1 CANCEL")
    server.answer(cancel, "200 OK")
    server.answer(invite, "487 Request Terminated")
    server.take("ACK ")


def test_an_answer_that_crosses_with_giving_up_is_taken_and_ended(server: Server) -> None:
    server.registered()
    server.page.evaluate("agent.dial('+12025550123')")
    invite = server.take("INVITE ")
    server.page.evaluate("call.hangUp()")
    server.answer(invite, "200 OK", "Contact: <sip:switch@server.example>", body="v=final")
    server.take("ACK ")
    server.take("BYE ")


def test_a_call_that_cannot_be_sent_ends(server: Server) -> None:
    server.registered()
    server.page.evaluate("agent.flow.stop()")
    server.page.evaluate("agent.dial('+12025550123')")
    until(server.page, lambda: server.page.evaluate("call.isOver"))
    assert server.page.evaluate("call.outcome") == "no connection"
