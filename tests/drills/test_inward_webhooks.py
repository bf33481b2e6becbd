"""D25: no webhook URL leads a connection inward; in the control, each of them does."""

from ringfence.drills.design import OURS, control
from ringfence.drills.inward_webhooks import VECTORS, inward_webhooks


def test_d25_no_url_of_more_than_thirty_leads_inward() -> None:
    assert len(VECTORS) > 30
    ours = inward_webhooks(OURS, len(VECTORS))
    assert (ours.reached, ours.tenants) == (0, len(VECTORS))
    # What is outside was called all the same, by each way that redirects from there.
    assert int(dict(ours.rows)["asked of the tenant's own program, which is outside"]) >= 15


def test_d25_each_url_leads_inward_in_the_control() -> None:
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = inward_webhooks(theirs, len(VECTORS))
    assert found.reached == len(VECTORS), found.rows
