"""XML to elements, with every dimension of the document bounded.

A document type is refused, and with it entities of any kind: neither expansion nor a file or URL is ever read.

Source: Twilio, errors 11750, 12100 and 12102; W3C, XML 1.0.
"""

from xml.parsers import expat

from ringfence.domain.twiml.document import Element, TwimlError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 2_000
ROOT = "Response"


def parse(document: bytes | str) -> Element:
    """The root element of a TwiML document.

    Bytes are read in the encoding that their declaration names (UTF-8 without one), a str as it is.
    TwimlError when the document is larger than 64 kB, not well-formed, or has another root.
    """
    if len(document) > MAX_BYTES:
        raise TwimlError(11750, f"the document is larger than {MAX_BYTES // 1024} kB")
    root = _Builder().build(document)
    if root.name != ROOT:
        raise TwimlError(12102, f"the root element must be {ROOT}", root.line, root.column)
    return root


class _Open:
    """An element whose end has not come yet."""

    def __init__(self, name: str, attributes: dict[str, str], line: int, column: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.column = column
        self.content: list[str | Element] = []

    def close(self) -> Element:
        text = "".join(part for part in self.content if isinstance(part, str))
        children = tuple(part for part in self.content if isinstance(part, Element))
        return Element(self.name, self.attributes, text, children, self.line, self.column, tuple(self.content))


class _Builder:
    """Receives expat's events for one document."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._elements = 0
        self._closed: Element
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.StartDoctypeDeclHandler = self._doctype

    def build(self, document: bytes | str) -> Element:
        try:
            self._expat.Parse(document, True)
        except expat.ExpatError as failure:
            reason = expat.errors.messages.get(failure.code, "not well-formed")
            raise TwimlError(12100, reason, failure.lineno, failure.offset + 1) from None
        except (LookupError, ValueError):
            # Python's codecs refuse what the declaration names; their text repeats it.
            raise self._refusal("the encoding is unknown") from None
        # What closes last is the root: expat has seen to it that there is exactly one.
        return self._closed

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise self._refusal(f"more than {MAX_ELEMENTS} elements")
        if len(self._open) == MAX_DEPTH:
            raise self._refusal(f"elements nested more than {MAX_DEPTH} deep")
        line, column = self._place()
        self._open.append(_Open(name, attributes, line, column))

    def _end(self, _name: str) -> None:
        self._closed = self._open.pop().close()
        if self._open:
            self._open[-1].content.append(self._closed)

    def _characters(self, text: str) -> None:
        self._open[-1].content.append(text)

    def _doctype(self, *_declared: object) -> None:
        raise self._refusal("a document type is not allowed")

    def _place(self) -> tuple[int, int]:
        return self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1

    def _refusal(self, reason: str) -> TwimlError:
        return TwimlError(12100, reason, *self._place())
