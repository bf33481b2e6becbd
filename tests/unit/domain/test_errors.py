"""Errors: Twilio's texts for the caller, nothing for the log."""

import string

import pytest

from ringfence.domain.error_catalogue import CATALOGUE, OURS, ErrorKind
from ringfence.domain.errors import ApiError, describe, more_info

NUMBER = "+12025550123"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    # As captured from Twilio's API.
    [
        (ApiError(20003), 401, "Authenticate"),
        (
            ApiError(20404, path="/2010-04-01/Accounts/AC1.json"),
            404,
            "The requested resource /2010-04-01/Accounts/AC1.json was not found",
        ),
        (ApiError(20008), 403, "Resource not accessible with Test Account Credentials"),
        (ApiError(21211, to=NUMBER), 400, "Invalid 'To' Phone Number: +1202555XXXX"),
        (
            ApiError(21408, to=NUMBER),
            400,
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: +1202555XXXX",
        ),
        (
            ApiError(21212, sender="Apple"),
            400,
            "The 'From' number Apple is not a valid phone number, shortcode, or alphanumeric sender ID.",
        ),
        (
            ApiError(21606, sender=NUMBER),
            400,
            "The From phone number +12025550123 is not a valid, SMS-capable inbound phone number or short code "
            "for your account.",
        ),
        (
            ApiError(21612, to="+15005550002", sender="+15005550006"),
            400,
            "The 'To' phone number: +15005550002, is not currently reachable using the 'From' phone number: "
            "+15005550006 via SMS.",
        ),
        (ApiError(21614, to="+15005550009"), 400, "To number: +15005550009, is not a mobile number"),
        (ApiError(21610), 400, "Attempt to send to unsubscribed recipient"),
        (ApiError(21617), 400, "The concatenated message body exceeds the 1600 character limit"),
        (ApiError(20429), 429, "Too Many Requests"),
    ],
)
def test_what_the_caller_is_told(error, status, message):
    assert (error.status, error.message) == (status, message)


def test_details_stay_out_of_logs():
    error = ApiError(21211, to=NUMBER)
    assert str(error) == "error 21211"
    assert repr(error) == "ApiError(21211)"
    assert error.args == ("error 21211",)


@pytest.mark.parametrize("to", ["abc", "12345678"])
def test_what_is_too_short_to_be_a_number_is_shown_whole(to):
    assert ApiError(21211, to=to).message == f"Invalid 'To' Phone Number: {to}"


def test_a_number_is_masked_by_four():
    assert ApiError(21211, to="123456789").message == "Invalid 'To' Phone Number: 12345XXXX"


def test_a_missing_detail_leaves_a_sentence():
    assert ApiError(20404).message == "The requested resource was not found"
    assert ApiError(21211).message == "Invalid 'To' Phone Number"
    assert ApiError(21211, other="x").message == "Invalid 'To' Phone Number: "


def test_what_was_sent_is_echoed_shortened_and_never_interpreted():
    assert ApiError(21614, to="{sender}" + "9" * 5000).message == (
        "To number: {sender}" + "9" * 112 + ", is not a mobile number"
    )


def test_the_text_and_status_can_be_given():
    error = ApiError(20001, "PageSize must be from 1 to {x}.", status=413, x="y")
    assert (error.code, error.status, error.message) == (20001, 413, "PageSize must be from 1 to {x}.")
    assert ApiError(20001, "").message == ""


def test_a_code_that_is_not_in_the_catalogue_still_answers():
    error = ApiError(99999)
    assert (error.code, error.status, error.message) == (99999, 400, "Unknown error")


def test_descriptions_and_links():
    assert describe(30003) == "Unreachable destination handset"
    assert describe(21211) == "Invalid 'To' Phone Number"
    assert describe(99999) == "Unknown error"
    assert more_info(30003) == "https://www.twilio.com/docs/errors/30003"


@pytest.mark.parametrize("code", sorted(OURS))
def test_our_own_codes_lead_to_no_page_that_twilio_does_not_have(code: int) -> None:
    assert CATALOGUE[code].code == code
    assert more_info(code) == ""


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: str(kind.code))
def test_each_entry_is_well_formed(kind):
    assert 400 <= kind.status < 600
    assert kind.message
    assert kind.message == kind.message.strip()
    names = {name for _, name, _, _ in string.Formatter().parse(kind.message) if name}
    assert names <= {"to", "to_masked", "sender", "path", "account", "permission", "reason"}
    assert "{" not in describe(kind.code)


def test_delivery_codes_and_webhook_codes_are_all_there():
    assert {*range(30001, 30012), 30034, 30036} <= CATALOGUE.keys()
    assert {11200, 11205, 11206, 11210, 11215, 11750, 12100, 12200, 12300, 14103} <= CATALOGUE.keys()
    assert {*range(21601, 21625)} <= CATALOGUE.keys()
    assert ErrorKind(21602, "Message body is required.") == CATALOGUE[21602]
