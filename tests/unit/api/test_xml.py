import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.xml import document, escape, page_document, pascal


def test_names_become_pascal_case() -> None:
    assert pascal("date_created") == "DateCreated"
    assert pascal("sid") == "Sid"
    assert pascal("subresource_uris") == "SubresourceUris"


def test_one_thing() -> None:
    made = document(
        "Message", {"sid": "SM1", "num_media": "0", "error_code": None, "subresource_uris": {"media": "/m"}}
    )
    assert made == (
        b"<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><Message><Sid>SM1</Sid><NumMedia>0</NumMedia>"
        b"<ErrorCode/><SubresourceUris><Media>/m</Media></SubresourceUris></Message></TwilioResponse>"
    )


def test_flags_are_lower_case_and_lists_are_items() -> None:
    assert b"<Beta>true</Beta><Old>false</Old>" in document("Number", {"beta": True, "old": False})
    assert b"<Names><Item>a</Item><Item>b</Item></Names>" in document("Number", {"names": ["a", "b"]})


def test_a_page_has_its_place_as_attributes() -> None:
    page = {
        "first_page_uri": "/m?a=1&b=2",
        "end": 0,
        "previous_page_uri": None,
        "messages": [{"sid": "SM1"}],
        "uri": "/m",
        "page_size": 50,
        "start": 0,
        "next_page_uri": None,
        "page": 0,
    }
    root = ET.fromstring(page_document("messages", "Message", page))
    listed = root.find("Messages")
    assert listed is not None
    assert listed.attrib == {
        "page": "0",
        "pagesize": "50",
        "start": "0",
        "end": "0",
        "uri": "/m",
        "firstpageuri": "/m?a=1&b=2",
        "previouspageuri": "",
        "nextpageuri": "",
    }
    assert [child.findtext("Sid") for child in listed] == ["SM1"]


def test_a_list_without_pages_has_only_its_uri() -> None:
    root = ET.fromstring(page_document("countries", "Country", {"countries": [], "uri": "/c"}))
    assert root[0].attrib == {"uri": "/c"}


@given(st.text(max_size=60))
def test_any_text_is_well_formed_and_reads_back(body: str) -> None:
    encodable = body.encode("utf-8", "replace").decode()
    read = ET.fromstring(document("Message", {"body": encodable})).findtext("Message/Body") or ""
    assert read == escape(encodable).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace(
        "&amp;", "&"
    ).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_replaced(character: str) -> None:
    assert escape(f"a{character}b") == "a\ufffdb"
