"""A call as a program is told of it: Twilio's names, and places for telephone numbers alone."""

from ringfence.domain.call import Content, Direction
from ringfence.domain.call_fields import CallFacts, call_fields

FACTS = CallFacts(account="AC1", sid="CA1", parent_sid=None, direction=Direction.INBOUND, status="ringing")


def test_the_fields_of_a_call_between_numbers() -> None:
    fields = dict(call_fields(FACTS, Content(to="+12025550123", sender="+442079460000")))
    assert {name: fields[name] for name in ("AccountSid", "ApiVersion", "CallSid", "CallStatus", "Direction")} == {
        "AccountSid": "AC1",
        "ApiVersion": "2010-04-01",
        "CallSid": "CA1",
        "CallStatus": "ringing",
        "Direction": "inbound",
    }
    assert fields["To"] == fields["Called"] == "+12025550123"
    assert fields["From"] == fields["Caller"] == "+442079460000"
    assert (fields["ToCountry"], fields["CallerCountry"], fields["FromCity"]) == ("US", "GB", "")


def test_a_client_or_a_sip_address_has_no_place() -> None:
    names = [name for name, _ in call_fields(FACTS, Content(to="client:ada", sender="sip:b@pbx.example"))]
    assert not [name for name in names if name.endswith(("Country", "City", "State", "Zip"))]


def test_what_is_not_set_is_not_told() -> None:
    names = {name for name, _ in call_fields(FACTS, Content(to="+12025550123", sender="+12025550177"))}
    assert not names & {"ParentCallSid", "ForwardedFrom", "CallerName", "ApplicationSid"}


def test_what_is_set_is_told_with_the_calls_own_parameters() -> None:
    content = Content(
        to="+12025550123",
        sender="+12025550177",
        forwarded_from="+12025550100",
        caller_name="Ada",
        application_sid="AP1",
        parameters=(("room", "7"),),
    )
    facts = CallFacts(account="AC1", sid="CA2", parent_sid="CA1", direction=Direction.OUTBOUND_DIAL, status="busy")
    told = call_fields(facts, content)
    assert ("ParentCallSid", "CA1") in told
    assert ("ForwardedFrom", "+12025550100") in told
    assert ("CallerName", "Ada") in told
    assert told[-1] == ("room", "7")
