"""TwiML as XML: well-formed or refused with Twilio's code, in bounded time and memory."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.twiml.document import TwimlError
from ringfence.domain.twiml.parser import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, parse


def refusal(document):
    with pytest.raises(TwimlError) as refused:
        parse(document)
    error = refused.value
    return error.code, error.line, error.column, error.message


def test_elements_with_their_text_attributes_and_place():
    root = parse(
        '<?xml version="1.0"?>\n<Response version="1">\n'
        '  <Message to="+1">Hi <Body>a</Body>&amp; bye</Message>\n</Response>'
    )
    assert (root.name, root.attributes, root.line, root.column) == ("Response", {"version": "1"}, 2, 1)
    (message,) = root.children
    assert (message.name, message.attributes, message.text) == ("Message", {"to": "+1"}, "Hi & bye")
    assert (message.line, message.column) == (3, 3)
    assert [(child.name, child.text, child.line, child.column) for child in message.children] == [("Body", "a", 3, 23)]


def test_character_data_sections_and_references_are_text():
    assert parse(b"<Response><![CDATA[a < b]]>&#233;&#x1F600;<!-- c --></Response>").text == "a < bé😀"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "koi8-r"])
def test_bytes_are_read_in_the_encoding_they_declare(encoding):
    text = "я" if encoding == "koi8-r" else "é"
    document = f'<?xml version="1.0" encoding="{encoding}"?><Response>{text}</Response>'
    assert parse(document.encode(encoding)).text == text


def test_a_byte_order_mark_is_no_content():
    assert parse(b"\xef\xbb\xbf<Response>a</Response>").text == "a"


def test_a_str_is_read_as_it_is_whatever_it_declares():
    assert parse('<?xml version="1.0" encoding="iso-8859-1"?><Response>é</Response>').text == "é"


@pytest.mark.parametrize(
    ("document", "code", "line", "column", "message"),
    [
        ("", 12100, 1, 1, "no element found"),
        ("OK", 12100, 1, 1, "syntax error"),
        ("<Response>", 12100, 1, 11, "no element found"),
        ("<Response>\n</Respons>", 12100, 2, 3, "mismatched tag"),
        ("<Response/><Response/>", 12100, 1, 12, "junk after document element"),
        (' <?xml version="1.0"?><Response/>', 12100, 1, 2, "XML or text declaration not at start of entity"),
        ("<Response a=1/>", 12100, 1, 13, "not well-formed (invalid token)"),
        ('<Response a="1" a="2"/>', 12100, 1, 17, "duplicate attribute"),
        ("<Response>&nbsp;</Response>", 12100, 1, 11, "undefined entity"),
        ("<Response>\x00</Response>", 12100, 1, 11, "not well-formed (invalid token)"),
        ('<?xml version="1.0" encoding="klingon"?><Response/>', 12100, 1, 31, "the encoding is unknown"),
        ('<?xml version="1.0" encoding="utf-7"?><Response/>', 12100, 1, 31, "the encoding is unknown"),
        (b"<Response>\xff</Response>", 12100, 1, 11, "not well-formed (invalid token)"),
        ("\n <response/>", 12102, 2, 2, "the root element must be Response"),
        ("<Message/>", 12102, 1, 1, "the root element must be Response"),
        ("<!DOCTYPE Response><Response/>", 12100, 1, 1, "a document type is not allowed"),
        ('<!DOCTYPE Response SYSTEM "file:///etc/passwd"><Response/>', 12100, 1, 1, "a document type is not allowed"),
    ],
)
def test_what_is_refused_and_where(document, code, line, column, message):
    if isinstance(document, str) and "encoding" in document:
        document = document.encode()
    refused = refusal(document)
    assert refused[0] == code
    assert refused[3] == message
    if "DOCTYPE" not in str(document):
        assert refused[1:3] == (line, column)


def test_an_entity_bomb_never_expands():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]><Response>&l9;</Response>'
    assert refusal(bomb)[0] == 12100
    assert refusal(bomb)[3] == "a document type is not allowed"


def test_the_size_is_bounded():
    frame = len("<Response></Response>")
    assert len(parse("<Response>" + "a" * (MAX_BYTES - frame) + "</Response>").text) == MAX_BYTES - frame == 65_515
    assert refusal("<Response>" + "a" * (MAX_BYTES - frame + 1) + "</Response>") == (
        11750, 0, 0, "the document is larger than 64 kB"
    )  # fmt: skip


def test_the_depth_is_bounded():
    inner = MAX_DEPTH - 1
    parse("<Response>" + "<a>" * inner + "</a>" * inner + "</Response>")
    code, line, column, message = refusal("<Response>" + "<a>" * (inner + 1) + "</a>" * (inner + 1) + "</Response>")
    assert (code, line, column) == (12100, 1, 11 + 3 * inner)
    assert message == "elements nested more than 32 deep"


def test_the_number_of_elements_is_bounded():
    parse("<Response>" + "<a/>" * (MAX_ELEMENTS - 1) + "</Response>")
    code, _, _, message = refusal("<Response>" + "<a/>" * MAX_ELEMENTS + "</Response>")
    assert (code, message) == (12100, "more than 2000 elements")


@pytest.mark.parametrize(
    "document",
    [
        b"a" * 10_000_000,
        b"<a>" * 21_000,
        b"<a " + b"b='c' " * 10_000,
        b"<!--" + b"-" * 60_000,
        b"<Response>" + b"&amp;" * 13_000,
    ],
)
def test_hostile_documents_cost_little(document):
    tracemalloc.start()
    began = time.perf_counter()
    refusal(document)
    took, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 1
    assert peak < 4_000_000


def test_an_error_shows_place_and_code_but_nothing_of_the_document():
    with pytest.raises(TwimlError) as refused:
        parse("<Response><secret></Response>")
    assert str(refused.value) == "TwiML error 12100 at line 1, column 21"
    assert repr(refused.value) == "TwimlError(12100, 1:21)"
    assert refused.value.__suppress_context__
    assert repr(parse("<Response>secret</Response>")) == "Element(1:1)"


pieces = st.lists(
    st.sampled_from(
        [
            *["<Response>", "</Response>", "<Message>", "</Message>", "<Body/>", "<", ">", "&", "&amp;", "&#0;", "&x;"],
            *["<!DOCTYPE x>", "<![CDATA[", "]]>", "<!--", "-->", "<?xml", "?>", 'a="b"', "'", " ", "\x00", "é", "😀"],
        ]
    ),
    max_size=20,
).map("".join)


@given(pieces | st.text(max_size=60) | st.binary(max_size=80) | pieces.map(str.encode))
def test_any_document_parses_or_is_refused(document):
    refused = None
    try:
        assert parse(document).name == "Response"
    except TwimlError as error:
        refused = error
    assert refused is None or refused.code in {12100, 12102}
    assert refused is None or (refused.line >= 1 and refused.column >= 1)


def test_text_and_elements_keep_their_order() -> None:
    say = parse("<Response><Say>one<break/>two</Say></Response>").children[0]
    assert say.content == ("one", say.children[0], "two")
    assert say.text == "onetwo"
