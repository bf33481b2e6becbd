"""A webhook's answer as things to do. `twilio.twiml` is the oracle for what programs send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse

from ringfence.domain.twiml.document import TwimlError
from ringfence.domain.twiml.messaging import Answer, Redirect, SendMessage, read_answer

XML = "text/xml"


def answer(inner, content_type=XML):
    return read_answer(content_type, f"<Response>{inner}</Response>".encode())


def only(inner):
    read = answer(inner)
    assert read.warnings == ()
    (action,) = read.actions
    return action


def test_a_message_answers_the_one_who_wrote():
    assert only("<Message>Hello &amp; welcome</Message>") == SendMessage(body="Hello & welcome")


def test_every_attribute_and_noun_of_a_message():
    message = only(
        '<Message to="+1" from="+2" action="/a" method="get" statusCallback="/s">'
        "<Body> Hi </Body><Media>http://x/1.png</Media><Media> http://x/2.png\n</Media></Message>"
    )
    assert message == SendMessage(
        body="Hi",
        to="+1",
        sender="+2",
        media_urls=("http://x/1.png", "http://x/2.png"),
        action="/a",
        method="GET",
        status_callback="/s",
    )


def test_status_callback_goes_before_its_older_name():
    assert SendMessage(body="a", action="/a", status_callback="/s").callback == "/s"
    assert SendMessage(body="a", action="/a").callback == "/a"
    assert SendMessage(body="a").callback is None


def test_empty_attributes_are_none():
    assert only('<Message to="" from="" action="" statusCallback="">a</Message>') == SendMessage(body="a")


def test_white_space_around_a_body_is_layout_and_inside_is_text():
    assert only("<Message>\n   line 1\n\n   line 2\n</Message>").body == "line 1\n\n   line 2"


@pytest.mark.parametrize(
    ("inner", "body"),
    [
        ("<Message>ignored<Body>a</Body></Message>", "a"),
        ("<Message><Body>a</Body><Body>b</Body></Message>", "a\nb"),
        ("<Message><Body> </Body><Body>b</Body></Message>", "b"),
        ("<Message><Body/><Media>http://x</Media></Message>", ""),
        ("<Message>a<Media>http://x</Media></Message>", "a"),
        ("<Sms>old</Sms>", "old"),
    ],
)
def test_which_text_is_the_body(inner, body):
    assert only(inner).body == body


def test_a_redirect_ends_the_document():
    read = answer(
        "<Message>a</Message><Redirect method='GET'> /next </Redirect><Message>b</Message><Redirect>c</Redirect>"
    )
    assert read.actions == (SendMessage(body="a"), Redirect("/next", "GET"))


def test_a_redirect_posts_to_the_same_document_unless_told_otherwise():
    assert only("<Redirect/>") == Redirect("", "POST")


@pytest.mark.parametrize(
    ("inner", "code", "message"),
    [
        ("<Message/>", 14103, "a message has no body and no media"),
        ("<Message> \n</Message>", 14103, "a message has no body and no media"),
        ("<Message><Body/><Media> </Media></Message>", 14103, "a message has no body and no media"),
        ("<Message>" + "a" * 1_601 + "</Message>", 14103, "a body holds 1600 characters at most"),
    ],
)
def test_a_message_that_cannot_be_sent_is_left_out(inner, code, message):
    read = answer("\n " + inner + "<Message>next</Message>")
    assert read.actions == (SendMessage(body="next"),)
    (left_out,) = read.warnings
    assert (left_out.code, left_out.message, left_out.line, left_out.column) == (code, message, 2, 2)


def test_limits_are_inclusive():
    assert len(only("<Message>" + "a" * 1_600 + "</Message>").body) == 1_600
    ten = only("<Message>" + "<Media>http://x</Media>" * 10 + "</Message>")
    assert len(ten.media_urls) == 10


def test_media_beyond_the_tenth_are_left_out():
    read = answer("<Message>" + "".join(f"<Media>{n}</Media>" for n in range(11)) + "</Message>")
    assert read.actions[0].media_urls == tuple("0123456789")
    (left_out,) = read.warnings
    assert (left_out.code, left_out.message, left_out.line, left_out.column) == (
        12200, "a message holds 10 media at most", 1, 11
    )  # fmt: skip


def test_an_unknown_method_is_post_with_a_warning():
    read = answer("<Message method='PUT'>a</Message><Redirect method='x'>b</Redirect>")
    assert read.actions == (SendMessage(body="a"), Redirect("b"))
    assert [(found.code, found.message, found.column) for found in read.warnings] == [
        (14104, "method must be GET or POST", 11),
        (14104, "method must be GET or POST", 44),
    ]


def test_what_the_schema_does_not_know_is_warned_of_and_left_out():
    read = answer("<Say>x</Say><Message>a<b>c</b></Message>")
    assert read.actions == (SendMessage(body="a"),)
    assert [found.code for found in read.warnings] == [14110, 12200]


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/xml", "text/html", "TEXT/XML; Charset=UTF-8", 'text/html; charset="utf-8"',
     "application/twiml+xml", "text/xml; x=y; charset=utf8", "text/xml;charset='utf-8'", "text/xml;"],
)  # fmt: skip
def test_types_that_hold_twiml(content_type):
    assert read_answer(content_type, "<Response><Message>é</Message></Response>".encode()).actions == (
        SendMessage(body="é"),
    )


@pytest.mark.parametrize("content_type", [None, "", "application/json", "image/png", "text/xmlish", "xml", "text/css"])
def test_other_types_cannot_answer(content_type):
    with pytest.raises(TwimlError) as refused:
        read_answer(content_type, b"<Response/>")
    assert (refused.value.code, refused.value.message) == (12300, "the Content-Type is not one that can answer a text")


def test_the_headers_character_set_goes_before_the_documents():
    document = '<?xml version="1.0" encoding="utf-8"?><Response><Message>é</Message></Response>'
    for charset in ("iso-8859-1", "utf-16", "utf-8"):
        assert read_answer(f"text/xml; charset={charset}", document.encode(charset)).actions == (SendMessage(body="é"),)
    assert read_answer("text/xml; charset=utf-8", b"\xef\xbb\xbf<Response/>").actions == ()
    assert read_answer("text/plain", b"\xef\xbb\xbfhi").actions == (SendMessage(body="hi"),)
    assert read_answer("text/xml; charset=us-ascii", b"<Response/>").actions == ()


@pytest.mark.parametrize(
    ("content_type", "body", "code", "message"),
    [
        ("text/xml; charset=utf-7", b"<Response/>", 12300, "the Content-Type names an unknown character set"),
        ("text/xml; charset=utf-8", b"<Response>\xff</Response>", 12100, "the answer is not valid utf-8"),
        ("text/plain", b"\xff", 12100, "the answer is not valid utf-8"),
        ("text/html; charset=utf-8", b"Internal Server Error", 12100, "syntax error"),
        ("text/xml", b"<Res/>", 12102, "the root element must be Response"),
        ("text/plain", b"a" * 65_537, 11750, "the answer is larger than 64 kB"),
        ("image/png", b"a" * 10_000_000, 11750, "the answer is larger than 64 kB"),
    ],
)
def test_answers_that_cannot_be_read(content_type, body, code, message):
    with pytest.raises(TwimlError) as refused:
        read_answer(content_type, body)
    assert (refused.value.code, refused.value.message) == (code, message)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/xml", "application/json"])
@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_answer_asks_for_nothing(content_type, body):
    assert read_answer(content_type, body).actions == ()


def test_a_document_without_verbs_asks_for_nothing():
    assert answer("") == answer("<!-- nothing -->")
    assert answer("").actions == ()


def test_plain_text_is_one_message():
    read = read_answer("text/plain; charset=utf-8", " Hello é <b>\n".encode())
    assert (read.actions, read.warnings) == ((SendMessage(body="Hello é <b>"),), ())
    assert read_answer("text/plain", b"a" * 65_536).actions == ()
    (left_out,) = read_answer("text/plain", b"a" * 1_601).warnings
    assert (left_out.code, left_out.line, left_out.column) == (14103, 1, 1)
    assert left_out.message == "a body holds 1600 characters at most"


def test_nothing_of_the_answer_is_shown():
    read = answer("<Message to='+12025550123'>secret</Message><Redirect>http://secret</Redirect><secret/>")
    assert "secret" not in repr(read)
    assert "2025550123" not in repr(read)
    assert [repr(action) for action in read.actions] == ["SendMessage(…)", "Redirect(…)"]


plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(str.strip).filter(bool)
maybe = st.none() | plain


@given(
    st.lists(
        st.tuples(plain, maybe, maybe, st.sampled_from([None, "GET", "POST"]), st.lists(plain, max_size=3)), max_size=4
    ),
    maybe,
)
def test_what_the_official_library_writes_is_read(messages, redirect):
    response = MessagingResponse()
    expected = []
    for body, to, callback, method, media in messages:
        message = response.message(to=to, status_callback=callback, method=method)
        message.body(body)
        for url in media:
            message.media(url)
        expected.append(
            SendMessage(body=body, to=to, status_callback=callback, method=method or "POST", media_urls=tuple(media))
        )
    if redirect is not None:
        response.redirect(redirect)
        expected.append(Redirect(redirect))
    for content_type in (XML, "text/html; charset=utf-8"):
        read = read_answer(content_type, str(response).encode())
        assert (read.actions, read.warnings) == (tuple(expected), ())


parts = st.sampled_from([b"<Response>", b"</Response>", b"<Message>", b"</Message>", b"<Redirect/>", b"a", b"\xff"])


@given(
    st.sampled_from([None, XML, "text/plain", "text/html; charset=utf-8", "text/xml; charset=utf-16", "a/b;charset="]),
    st.binary(max_size=60) | st.lists(parts).map(b"".join),
)
def test_any_answer_is_read_or_refused(content_type, body):
    try:
        read, code = read_answer(content_type, body), 0
    except TwimlError as error:
        read, code = Answer(), error.code
    assert code in {0, 11750, 12100, 12102, 12300}
    assert all(action.body or action.media_urls for action in read.actions if isinstance(action, SendMessage))
