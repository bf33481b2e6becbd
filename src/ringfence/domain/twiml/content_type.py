"""What kind of answer a program gave, by its Content-Type, and its bytes as text."""

from ringfence.domain.twiml.document import TwimlError

PLAIN_TEXT = "text/plain"
# HTML too: it is what a web framework calls an answer whose type nobody set.
_TWIML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
# What Python calls the character sets that are read; expat knows the same.
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1", "utf-16": "utf-16"}


def is_twiml(essence: str) -> bool:
    """True for the types whose answers are read as TwiML."""
    return essence in _TWIML_TYPES or essence.endswith("+xml")


def media_type(header: str) -> tuple[str, str]:
    """Essence and charset of a Content-Type header, in lower case."""
    essence, *parameters = header.lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return essence.strip(), value.strip().strip("\"'")
    return essence.strip(), ""


def decode(body: bytes, charset: str) -> str:
    """The body as text; TwimlError 12300 for an unknown character set, 12100 for bytes that are not of it."""
    codec = _CHARSETS.get(charset)
    if codec is None:
        raise TwimlError(12300, "the Content-Type names an unknown character set")
    try:
        return body.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError:
        # The cause holds the body.
        raise TwimlError(12100, f"the answer is not valid {codec}") from None
