"""A program that never answers ends in bounded time, and the conversation says where it was."""

import asyncio
import signal
import socket
import threading
import time
from typing import Any

import pytest

from ringfence.testing.patience import AGAIN_S, NoAnswerError, Patience

from .conftest import CUSTOMER, SHOP, Barber

pytestmark = pytest.mark.ringfence(answer_s=0.2)


def waits_forever() -> None:
    threading.Event().wait()


def spins_forever() -> None:
    while True:
        time.sleep(0.001)


def catches_all() -> None:
    for _ in range(3):
        try:
            threading.Event().wait(60)
        except Exception as error:
            raise AssertionError("a framework would answer 500 here") from error


@pytest.mark.parametrize("hang", [waits_forever, spins_forever, catches_all])
def test_a_wsgi_app_that_hangs_is_broken_off_where_it_is(ringfence: Any, barber: Barber, hang: Any) -> None:
    ringfence.number(SHOP).sms_to(barber)
    barber.acts.append(hang)
    began = time.monotonic()
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    assert time.monotonic() - began < 5
    (webhook,) = ringfence.webhooks
    assert webhook.status is None
    assert webhook.error.startswith("no answer within 0.2 s: it was at test_patience.py:")
    assert webhook.error.endswith(f" in {hang.__name__}")
    with pytest.raises(LookupError, match=rf"no text has come to(?s:.*)test_patience.py:\d+ in {hang.__name__}"):
        ringfence.phone(CUSTOMER).last_text()
    ringfence.clock.advance(hours=1)
    assert ringfence.phone(CUSTOMER).last_text().body == "See you Tuesday!"
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_asgi_app_that_blocks_its_loop_is_told_where_it_is(ringfence: Any) -> None:
    release = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            release.wait(10)
            await asyncio.sleep(0)

    ringfence.number(SHOP).sms_to(app)
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    (webhook,) = ringfence.webhooks
    release.set()
    assert webhook.error.startswith("no answer within 0.2 s: it was at test_patience.py:")


def test_a_server_that_takes_the_request_and_is_silent_is_given_up(ringfence: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ringfence.number(SHOP).sms_to(f"http://127.0.0.1:{silent.getsockname()[1]}/sms")
        ringfence.phone(CUSTOMER).send(SHOP, "C")
    (webhook,) = ringfence.webhooks
    assert webhook.error == "no answer within 0.2 s"


def test_patience_is_less_once_it_was_lost() -> None:
    patience = Patience(15)
    assert str(patience.lost("app.py:1 in f")) == "no answer within 15 s: it was at app.py:1 in f"
    assert patience.left_s == AGAIN_S
    assert str(patience.lost()) == "no answer within 2 s"


def test_another_threads_program_is_not_broken_off_and_a_timer_of_somebody_else_is_left_alone() -> None:
    with Patience(0.01).interrupting():
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        with Patience(0.01).interrupting():
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0

    def in_thread() -> None:
        with Patience(0.01).interrupting():
            time.sleep(0.05)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    with pytest.raises(NoAnswerError), Patience(0.01).interrupting():
        time.sleep(1)
