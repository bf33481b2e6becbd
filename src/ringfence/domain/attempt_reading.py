"""What a developer wants to see of an attempt: the form that was sent, what was signed, the line at fault."""

import re
from urllib.parse import parse_qsl

from ringfence.domain.attempt import Exchange
from ringfence.domain.signature import signature_base, signed_url
from ringfence.domain.web_url import InvalidUrlError, parse_url

MAX_URL_CHARACTERS = 64 << 10
QUOTED_CHARACTERS = 160

_LINE_END = re.compile(r"\r\n|\r|\n")


def form_of(exchange: Exchange) -> list[tuple[str, str]]:
    """The parameters of a POST, in the order they were sent."""
    return parse_qsl(exchange.body.decode("latin-1"), keep_blank_values=True)


def signed_text(exchange: Exchange) -> str | None:
    """What the signature is over: the URL, then, of a POST, its parameters in order of name. Never the key.

    None where the URL was none.
    """
    try:
        url = signed_url(parse_url(exchange.url, max_characters=MAX_URL_CHARACTERS))
    except InvalidUrlError:
        return None
    return signature_base(url, form_of(exchange)).decode("utf-8", "replace")


def text_of(answer: bytes) -> str:
    """An answer as text; what is no UTF-8 is replaced, so that it can be shown."""
    return answer.decode("utf-8", "replace")


def quoted_line(answer: bytes, line: int, column: int) -> tuple[str, int] | None:
    """The line at fault, cut around the column if it is long, and the column within what is quoted, from 1.

    None where there is no such line, or no place was given.
    """
    lines = _LINE_END.split(text_of(answer))
    if not 1 <= line <= len(lines):
        return None
    text = lines[line - 1]
    start = max(0, min(column - 1 - QUOTED_CHARACTERS // 2, len(text) - QUOTED_CHARACTERS))
    return text[start : start + QUOTED_CHARACTERS], max(1, column - start)
