"""D25: no webhook URL leads a connection inward; in the control, each of them does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from msgspec import structs

from ringfence.drills.design import OURS, control, guarded_egress
from ringfence.drills.inward_webhooks import OUTWARD, VECTORS, inward_webhooks
from ringfence.http.egress_guard import Resolver
from ringfence.ports.http import HttpClient, HttpRequest, HttpResponse


def test_d25_no_url_of_more_than_thirty_leads_inward() -> None:
    assert len(VECTORS) > 30
    ours = inward_webhooks(OURS, len(VECTORS))
    assert (ours.reached, ours.tenants) == (0, len(VECTORS))
    # Tenants of good will were called meanwhile, and the attacker's program by each way that redirects from there.
    assert ours.proves
    assert dict(ours.rows)["ways to a program outside, taken to their end"] == f"{len(OUTWARD)} of {len(OUTWARD)}"
    assert int(dict(ours.rows)["asked of a program outside on a way inward"]) >= 15


def test_d25_fails_where_the_platform_calls_nobody() -> None:
    @asynccontextmanager
    async def shut(_allow: Sequence[str], resolver: Resolver) -> AsyncIterator[HttpClient]:
        async with guarded_egress([], resolver) as client:
            yield client

    found = inward_webhooks(structs.replace(OURS, egress=shut), 3)
    assert (found.reached, found.proves) == (0, False)
    assert dict(found.rows)["ways to a program outside, taken to their end"] == f"0 of {len(OUTWARD)}"


def test_d25_fails_where_the_platform_follows_no_redirect_outside() -> None:
    class Stays:
        """A client that goes to one address and no further."""

        def __init__(self, client: HttpClient) -> None:
            self._client = client

        async def send(self, request: HttpRequest) -> HttpResponse:
            answer = await self._client.send(request)
            return structs.replace(answer, status=200, headers=(), body=b"") if 300 <= answer.status < 400 else answer

    @asynccontextmanager
    async def staying(allow: Sequence[str], resolver: Resolver) -> AsyncIterator[HttpClient]:
        async with guarded_egress(allow, resolver) as client:
            yield Stays(client)

    found = inward_webhooks(structs.replace(OURS, egress=staying), 3)
    assert (found.reached, found.proves) == (0, False)


def test_d25_each_url_leads_inward_in_the_control() -> None:
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = inward_webhooks(theirs, len(VECTORS))
    assert found.reached == len(VECTORS), found.rows
