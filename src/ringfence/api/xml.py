"""The 2010 API's XML: `<TwilioResponse>` around what the same request with `.json` answers.

Source: Twilio, "API responses"; the paging attributes as public captures show them.
"""

import re
from collections.abc import Mapping, Sequence

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n"
_PAGE_ATTRIBUTES = {
    "page": "page",
    "page_size": "pagesize",
    "start": "start",
    "end": "end",
    "uri": "uri",
    "first_page_uri": "firstpageuri",
    "previous_page_uri": "previouspageuri",
    "next_page_uri": "nextpageuri",
}


def pascal(name: str) -> str:
    """`date_created` as `DateCreated`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def escape(text: str) -> str:
    """Text for an element or a double-quoted attribute; characters that XML 1.0 cannot hold become U+FFFD."""
    text = _FORBIDDEN.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _inner(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "".join(element(pascal(str(name)), inner) for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(element("Item", item) for item in value)
    return escape(str(value))


def element(tag: str, value: object) -> str:
    """One element: a mapping becomes its children, None an empty element."""
    inner = _inner(value)
    return f"<{tag}>{inner}</{tag}>" if inner else f"<{tag}/>"


def document(tag: str, value: object) -> bytes:
    """A whole answer that holds one thing."""
    return f"{_HEAD}<TwilioResponse>{element(tag, value)}</TwilioResponse>".encode()


def page_document(listed: str, tag: str, page: Mapping[str, object]) -> bytes:
    """A whole answer that holds a page: its place as attributes, its items as children."""
    attributes = "".join(
        f' {attribute}="{escape(str(page[name] if page[name] is not None else ""))}"'
        for name, attribute in _PAGE_ATTRIBUTES.items()
        if name in page
    )
    items = page[listed]
    assert isinstance(items, Sequence)
    inner = "".join(element(tag, item) for item in items)
    wrapper = pascal(listed)
    return f"{_HEAD}<TwilioResponse><{wrapper}{attributes}>{inner}</{wrapper}></TwilioResponse>".encode()
