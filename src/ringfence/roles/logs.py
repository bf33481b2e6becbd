"""JSON logs and crash reports that hold no content, whatever a caller hands them.

A key that is not listed here loses its value, and the log line says which. An exception shows its type and where it
was raised, never its message, since messages quote what they choke on. Why so: docs/why/logs-without-content.md.
"""

import asyncio
import faulthandler
import itertools
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from ringfence.roles.log_file import LogFile, UnfailingStream
from ringfence.roles.repeated_lines import RepeatedLines

# Names of things that an operator may see of every tenant: identifiers, counts, times, codes, places in our code.
CLEAR_KEYS = frozenset(
    {
        "event", "level", "at", "role", "logger", "error", "frames", "hidden",
        "account", "sid", "message_sid", "call_sid", "event_id", "request_id", "carrier", "kind", "status", "code",
        "region", "epoch",
        "attempts", "count", "repeats", "limit", "bytes", "segments", "fence",
        "duration_ms", "delay_ms", "due_ms", "age_ms", "offset_ms", "rate_mps",
        "pid", "uid", "exit_code", "signal", "port", "host", "hosts", "mode", "method", "route", "http_status",
        "version", "cause", "cure", "verb", "socket", "setting",
        "service", "rule", "unanswered", "converted", "allowed",
    }
)  # fmt: skip
# Libraries whose log lines are known to be constant text once their arguments are left out.
CLEAR_LOGGERS = frozenset({"asyncio", "uvicorn.error"})
FRAMES_LIMIT = 12
_NUMBER = re.compile(r"(\+|%2B)[0-9][0-9 ().-]{5,18}[0-9]", re.IGNORECASE)
_URL = re.compile(r"(https?://)([^/\s@]*@)?([^/?#\s\"']*)[^\s\"']*")


def configure_logging(role: str, level: str = "info", kept: LogFile | None = None) -> None:
    """Log as JSON, one object a line, on standard error, and in `kept`; library logs and crashes too."""
    target = kept or UnfailingStream(sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            RepeatedLines(_tell_again),
            _describe_exception,
            hide_content,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", target)),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(role=role)
    root = logging.getLogger()
    root.handlers = [_LibraryLogs()]
    root.setLevel(logging.getLevelNamesMapping()[level.upper()] if level != "debug" else logging.INFO)
    # A server's start and stop are told by the role itself.
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
    catch_crashes()


def hide_content(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: keep listed keys with plain values, drop the values of all others and name their keys."""
    hidden = sorted(str(key) for key in fields if key not in CLEAR_KEYS)
    kept = {key: _plain(value) for key, value in fields.items() if key in CLEAR_KEYS}
    return kept | {"hidden": hidden} if hidden else kept


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as log fields: type (with those that caused it) and frames, innermost last. No message.

    Of a group, as tasks end in, the types within it are told too, and the frames of the first, which ended the others.
    """
    first = next(_within(error), error)
    return {"error": _chain(error), "frames": _frames(first.__traceback__)}


def catch_crashes() -> None:
    """Report what nobody caught, in any thread or at interpreter level, without values."""
    log = structlog.get_logger()

    def report(error: BaseException | None) -> None:
        if error is not None:
            log.critical("crashed", **describe(error))

    sys.excepthook = lambda _kind, error, _trace: report(error)
    threading.excepthook = lambda arguments: report(arguments.exc_value)
    sys.unraisablehook = lambda arguments: report(arguments.exc_value)
    if not faulthandler.is_enabled():
        faulthandler.enable()


def catch_loop_crashes(loop: asyncio.AbstractEventLoop) -> None:
    """Report what a task or callback of `loop` raised and nobody awaited, without values."""
    log = structlog.get_logger()

    def report(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        log.error("crashed", **(describe(error) if isinstance(error, BaseException) else {}))

    loop.set_exception_handler(report)


class _LibraryLogs(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        template = str(record.msg).partition("\n")[0] if record.name in CLEAR_LOGGERS else "library log"
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(record.levelno, template, logger=record.name, **(describe(error) if error else {}))


def _tell_again(fields: MutableMapping[str, Any]) -> None:
    level = logging.getLevelNamesMapping()[fields["level"].upper()]
    event = fields["event"]
    # Those of the thread that logged first: this one has none.
    structlog.get_logger().log(level, event, **{key: fields[key] for key in fields if key not in ("event", "level")})


def _describe_exception(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    return fields if not isinstance(error, BaseException) else {**fields, **describe(error)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _NUMBER.sub("[number]", _URL.sub(r"\1\3", value))
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return f"[{type(value).__name__}]"


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _chain(error: BaseException, *, grouped: bool = False) -> str:
    """Types, each "from" what caused it. Those of a group are in brackets; one that is in a group's is not opened."""
    kinds, seen = [], error
    while True:
        found = [] if grouped else [_chain(each, grouped=True) for each in _within(seen)]
        kinds.append(f"{_kind(seen)} ({', '.join(dict.fromkeys(found))})" if found else _kind(seen))
        following = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
        if following is None or len(kinds) == FRAMES_LIMIT:
            return " from ".join(kinds)
        seen = following


def _within(error: BaseException) -> Iterator[BaseException]:
    """What is in a group, and in groups within it, as many as frames are told; nothing of another exception."""
    leaves = _leaves(error) if isinstance(error, BaseExceptionGroup) else iter(())
    yield from itertools.islice(leaves, FRAMES_LIMIT)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in list(traceback.walk_tb(trace))[-FRAMES_LIMIT:]
    ]
