"""D26: what is not the platform's own request, of this moment, to this place, a program that looks does not take."""

from ringfence.drills.design import OURS, control
from ringfence.drills.webhook_forgery import FORGERIES, webhook_forgery


def test_d26_a_webhook_is_good_for_one_request_and_five_minutes() -> None:
    ours = webhook_forgery(OURS, len(FORGERIES))
    assert ours.reached == 0
    rows = dict(ours.rows)
    assert rows["webhooks of the platform, answered"] == "8 of 8"
    # The attacker does work: Twilio's validator, which cannot know the time, is not enough.
    assert rows["X-Twilio-Signature alone lets in"].startswith("6: at another port, sent again after five minutes")
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    assert webhook_forgery(theirs, len(FORGERIES)).reached == len(FORGERIES)
