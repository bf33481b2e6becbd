"""Who proves themselves to a service. Source: Twilio, "Entity resource" of Verify v2."""

from typing import Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.factoring import Factoring
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.ports.factors import EntityRow
from ringfence.usecases.verify.entities import EntityView

PATH = "Services/{ServiceSid}/Entities"
_LINKS = {"factors": "Factors", "new_factors": "Factors", "challenges": "Challenges"}

entities = Resource(PATH, item="Entity", listed="entities", product=PRODUCT, version=VERSION)


class EntityForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    identity: str | None = None


class Entity(msgspec.Struct, kw_only=True):
    """An entity."""

    sid: str
    identity: str | None
    account_sid: str
    service_sid: str
    date_created: str
    date_updated: str
    url: str | None
    links: dict[str, str] | None

    def __repr__(self) -> str:
        return f"Entity({self.sid})"


def factoring_of(request: ApiRequest[Any]) -> Factoring:
    """What is driven here; ApiError 20501 where factors are not."""
    if request.deps.factoring is None:
        raise ApiError(20501, "Entities are not composed in this process.")
    return request.deps.factoring


async def entity_of(request: ApiRequest[Any]) -> EntityRow:
    """The entity in the path. ApiError 20404 where the service has none such."""
    found = await factoring_of(request).entities.find(
        request.account.sid, request.path["ServiceSid"], request.path["Identity"]
    )
    if found is None:
        raise ApiError(20404)
    return found


def entity_url(request: ApiRequest[Any], service: str, identity: str) -> str:
    """Where an entity is."""
    return f"{service_url(request, service)}/Entities/{identity}"


def _shown(request: ApiRequest[Any], view: EntityView) -> Entity:
    row = view.row
    url = None if view.identity is None else entity_url(request, row.service, view.identity)
    return Entity(
        sid=row.sid,
        identity=view.identity,
        account_sid=row.account,
        service_sid=row.service,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=url,
        links=None if url is None else {name: f"{url}/{path}" for name, path in _LINKS.items()},
    )


@entities.create(EntityForm)
async def create(request: ApiRequest[EntityForm]) -> Entity:
    service = await service_of(request)
    identity = request.form.identity or ""
    return _shown(
        request, await factoring_of(request).entities.begin(request.caller, service.account, service.sid, identity)
    )


@entities.list()
async def list_entities(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Entity]:
    service = await service_of(request)
    views = await factoring_of(request).entities.listed(
        request.caller, service.account, service.sid, before=cursor.before, limit=cursor.limit
    )
    return [_shown(request, view) for view in views]


@entities.fetch(named="Identity")
async def fetch(request: ApiRequest[msgspec.Struct]) -> Entity:
    return _shown(request, EntityView(row=await entity_of(request), identity=request.path["Identity"]))


@entities.delete(named="Identity")
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await factoring_of(request).entities.delete(await entity_of(request))
