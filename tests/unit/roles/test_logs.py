"""Logs and crash reports: useful, and without content whatever is thrown at them."""

import json
import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ringfence.roles.logs import CLEAR_KEYS, FRAMES_LIMIT, describe, hide_content

CANARY = "c4n4ry-5f1d"


def run(program: str) -> tuple[str, str]:
    preamble = (
        "import asyncio, logging, sys, threading, structlog\n"
        "from ringfence.roles.logs import *\n"
        f"CANARY = {CANARY!r}\n"
        "configure_logging('api')\n"
        "log = structlog.get_logger()\n"
    )
    done = subprocess.run([sys.executable, "-c", preamble + program], capture_output=True, text=True, timeout=30)
    return done.stdout, done.stderr


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_one_json_object_on_standard_error() -> None:
    out, err = run("log.info('text accepted', sid='SM1', attempts=2)")
    assert out == ""
    (line,) = lines(err)
    assert line.pop("at").endswith("Z")
    assert line == {"role": "api", "level": "info", "event": "text accepted", "sid": "SM1", "attempts": 2}


def test_a_full_disk_under_standard_error_stops_nobody() -> None:
    program = (
        "import os, resource, signal, tempfile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "out = os.dup(2)\n"
        "file = tempfile.TemporaryFile()\n"
        "os.dup2(file.fileno(), 2)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "log.info('lost')\n"
        "os.write(out, b'went on')\n"
    )
    assert run(program) == ("", "went on")


def test_values_of_unlisted_keys_are_dropped_and_their_names_kept() -> None:
    _, err = run("log.info('text accepted', sid='SM1', body=CANARY, to=CANARY)")
    assert CANARY not in err
    assert lines(err)[0]["hidden"] == ["body", "to"]


def test_numbers_and_the_secret_part_of_urls_are_masked_even_in_listed_keys() -> None:
    _, err = run(
        "log.info('from +12025550123', cause='called https://u:p@a.example/path?q=secret#k', host=['+44 20 7946 0018'])"
    )
    (line,) = lines(err)
    assert (line["event"], line["cause"], line["host"]) == ("from [number]", "called https://a.example", ["[number]"])


def test_an_exception_shows_type_cause_and_place_but_no_message() -> None:
    _, err = run(
        "def choke():\n"
        "    try: int(CANARY)\n"
        "    except ValueError as e: raise KeyError(CANARY) from e\n"
        "try: choke()\n"
        "except KeyError: log.error('refused', exc_info=True)\n"
        "try: choke()\n"
        "except KeyError: log.exception('refused')\n"
        "try: choke()\n"
        "except KeyError as e: log.error('refused', exc_info=e)\n"
    )
    assert CANARY not in err
    for line in lines(err):
        assert line["error"] == "KeyError from ValueError"
        assert line["frames"][-1] == "__main__:8 choke"


def test_nothing_that_crashes_shows_a_value() -> None:
    program = (
        "async def fail(): raise ValueError(CANARY)\n"
        "async def main():\n"
        "    catch_loop_crashes(asyncio.get_running_loop())\n"
        "    asyncio.get_running_loop().call_soon(int, CANARY)\n"
        "    task = asyncio.ensure_future(fail()); await asyncio.sleep(0.01); del task\n"
        "asyncio.run(main())\n"
        "thread = threading.Thread(target=int, args=(CANARY,)); thread.start(); thread.join()\n"
        "class Odd:\n"
        "    def __del__(self): raise ValueError(CANARY)\n"
        "Odd()\n"
        "asyncio.get_event_loop_policy().new_event_loop().call_exception_handler({'message': 'm', 'future': CANARY})\n"
        "raise RuntimeError(CANARY)\n"
    )
    out, err = run(program)
    assert CANARY not in out + err
    assert [line.get("error") for line in lines(err)] == ["ValueError"] * 4 + [None, "RuntimeError"]


def test_library_logs_show_constant_text_of_known_libraries_only() -> None:
    _, err = run(
        "logging.getLogger('uvicorn.error').warning('limit of %s for %s', 1, CANARY)\n"
        "logging.getLogger('asyncio').error('never retrieved\\n' + CANARY)\n"
        "logging.getLogger('some.library').error('choked on ' + CANARY)\n"
        "logging.getLogger('some.library').info('x'); logging.getLogger('some.library').debug('x')\n"
    )
    assert CANARY not in err
    assert [line["event"] for line in lines(err)] == ["limit of %s for %s", "never retrieved", *["library log"] * 2]


def test_a_servers_start_and_stop_are_not_news() -> None:
    _, err = run(
        "log_it = lambda: logging.getLogger('uvicorn.error').info('Started server process [%d]', 1)\n"
        "log_it(); configure_logging('api', 'debug'); log_it()"
    )
    assert len(lines(err)) == 1


def test_a_level_hides_what_lies_below() -> None:
    _, err = run("configure_logging('kms', 'error'); log.warning('a'); logging.warning('b'); log.error('c')")
    assert [line["event"] for line in lines(err)] == ["c"]
    assert lines(err)[0]["role"] == "kms"


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert describe(first)["error"].startswith("ValueError from KeyError from ValueError")


def test_a_task_that_ends_the_others_is_named_with_what_caused_it_and_where() -> None:
    _, err = run(
        "async def choke():\n"
        "    await asyncio.sleep(0)\n"
        "    try: int(CANARY)\n"
        "    except ValueError as e: raise KeyError(CANARY) from e\n"
        "async def inner():\n"
        "    async with asyncio.TaskGroup() as tasks: tasks.create_task(choke(), name=CANARY)\n"
        "async def main():\n"
        "    async with asyncio.TaskGroup() as tasks:\n"
        "        tasks.create_task(inner()); tasks.create_task(choke())\n"
        "asyncio.run(main())\n"
    )
    assert CANARY not in err
    (line,) = lines(err)
    assert line["event"] == "crashed"
    assert line["error"] == "ExceptionGroup (KeyError from ValueError)"
    assert line["frames"][-1].endswith(" choke")


def test_each_type_in_a_group_is_named_once_and_a_circle_through_a_group_ends() -> None:
    one = KeyError()
    group = ExceptionGroup("", [OSError(), ValueError(), OSError(), ExceptionGroup("", [one])])
    assert describe(group)["error"] == "ExceptionGroup (OSError, ValueError, KeyError)"
    caused = RuntimeError()
    caused.__cause__ = ExceptionGroup("", [ValueError()])
    assert describe(caused)["error"] == "RuntimeError from ExceptionGroup (ValueError)"
    one.__cause__ = group
    assert describe(group)["error"] == "ExceptionGroup (OSError, ValueError, KeyError from ExceptionGroup)"
    many = ExceptionGroup("", [type(f"E{n}", (Exception,), {})() for n in range(1_000)])
    assert describe(many)["error"].count(",") == FRAMES_LIMIT - 1


@given(st.dictionaries(st.text(min_size=1) | st.sampled_from(sorted(CLEAR_KEYS)), st.text() | st.binary() | st.none()))
def test_whatever_comes_in_only_listed_keys_come_out(fields: dict[str, Any]) -> None:
    shown = hide_content(None, "info", dict(fields))
    assert set(shown) <= CLEAR_KEYS
    assert all(not isinstance(value, bytes) for value in shown.values())


def test_what_repeats_is_told_once_and_then_counted() -> None:
    _, err = run(
        "from ringfence.roles import repeated_lines, logs\n"
        "logs.structlog.configure(processors=[repeated_lines.RepeatedLines(logs._tell_again, 0.2) if isinstance(p, "
        "repeated_lines.RepeatedLines) else p for p in structlog.get_config()['processors']])\n"
        "for n in range(50): log.warning('store away', error='StoreFailedError', request_id=f'RQ{n}')\n"
        "import time\n"
        "before = time.monotonic()\n"
        "while threading.active_count() > 1 and time.monotonic() < before + 10: time.sleep(0.05)\n"
    )
    first, rest = lines(err)
    assert (first["event"], first["request_id"], first["role"]) == ("store away", "RQ0", "api")
    assert (rest["event"], rest["repeats"], rest["role"], rest["level"]) == ("store away", 49, "api", "warning")


def test_why_a_code_was_refused_is_told_in_figures() -> None:
    fields = {"event": "verify.code_refused", "service": "VA1", "rule": "block", "unanswered": 4, "allowed": 4}
    assert hide_content(None, "warning", fields | {"to": "+12025550177"}) == fields | {"hidden": ["to"]}
