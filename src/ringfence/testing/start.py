"""Start a world for one test, and put everything back at its end."""

import contextlib
import logging
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

import structlog

from ringfence.domain.clock import ManualClock
from ringfence.testing.clock import milliseconds
from ringfence.testing.patience import ANSWER_S
from ringfence.testing.stock_clients import StockClients
from ringfence.testing.world import Ringfence


@contextlib.contextmanager
def started(
    *,
    at: str | datetime | None = None,
    account_sid: str | None = None,
    auth_token: str | None = None,
    numbers: Iterable[str] = (),
    seed: int = 0,
    answer_s: float = ANSWER_S,
) -> Iterator[Ringfence]:
    """A world that began at `at` (now), with these numbers, and with the environment that a Twilio program expects.

    While it lasts, stock Twilio clients in this process come here, whatever their credentials.
    """
    clock = ManualClock(time.time_ns() // 1_000_000 if at is None else milliseconds(at))
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet_logs())
        world = Ringfence(clock, account_sid=account_sid, auth_token=auth_token, seed=seed, answer_s=answer_s)
        stack.callback(world.close)
        for number in numbers:
            world.number(number)
        clients = StockClients(world.api)
        clients.install()
        stack.callback(clients.remove)
        stack.enter_context(
            environment({"TWILIO_ACCOUNT_SID": world.account_sid, "TWILIO_AUTH_TOKEN": world.auth_token})
        )
        yield world


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Have these variables while it lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _quiet_logs() -> Iterator[None]:
    """Keep the platform's own log out of the test's output, unless the test's program says where logs go."""
    if structlog.is_configured():
        yield
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()
