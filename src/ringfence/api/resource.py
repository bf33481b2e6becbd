"""The one way of declaring a resource: its path, its answer's Struct, and a handler an operation.

    keys = Resource("Accounts/{AccountSid}/Keys", item="Key", listed="keys")

    @keys.create(KeyForm)
    async def create(request: ApiRequest[KeyForm]) -> NewKey: ...

A create answers 201, a delete 204, everything else 200, unless the declaration says otherwise. A fetch, update or
delete that returns None or False answers 404.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from ringfence.api.auth import Presented
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.forms import Form, NoForm
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.ports.store import AccountRow
from ringfence.usecases.verify.devices import PresentDevice

API_VERSION = "2010-04-01"
CORE = "api"
OURS = "ringfence"
"""The product whose resources Twilio does not have; they are found by its prefix alone."""
_NO_FORM = Form(NoForm)

Answer = Any
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Answer]])
FormT = TypeVar("FormT", bound=msgspec.Struct, covariant=True)


class ApiRequest(Generic[FormT]):
    """One authenticated request as a handler sees it: who asks, for which account, and what for.

    `root` is what absolute URLs of the product begin with, as the caller reached it; empty for the 2010 API. `client`
    is the address that asks.
    """

    __slots__ = ("account", "base", "client", "deps", "form", "path", "presented", "root")

    def __init__(
        self,
        deps: ApiDependencies,
        presented: Presented,
        account: AccountRow,
        path: dict[str, str],
        form: FormT,
        root: str = "",
        client: str = "",
    ) -> None:
        self.deps = deps
        self.client = client
        self.presented = presented
        self.account = account
        self.path = path
        self.form = form
        self.root = root
        self.base = f"/{API_VERSION}/Accounts/{account.sid}"

    @property
    def caller(self) -> Caller:
        return self.presented.caller

    @property
    def sid(self) -> str:
        """The `{Sid}` of the path."""
        return self.path["Sid"]


class DeviceRequest(ApiRequest[FormT]):
    """The same of a device: nobody's credential is present, so nothing of its tenant's is opened."""

    __slots__ = ("device",)

    def __init__(
        self, deps: ApiDependencies, device: PresentDevice, path: dict[str, str], form: FormT, root: str
    ) -> None:
        nobody = Caller(account=device.account.sid, credential="", seed=b"")
        super().__init__(deps, Presented(caller=nobody, account=device.account), device.account, path, form, root)
        self.device = device

    @property
    def caller(self) -> Caller:
        raise KeyRefusedError("a device has no tenant's keys")


class Raw(msgspec.Struct, frozen=True):
    """An answer that is neither JSON nor XML: a medium's own bytes."""

    content_type: str
    body: bytes


class Streamed(msgspec.Struct, frozen=True):
    """An answer that is written a piece at a time: the bytes [start, end) of `length`, or all where that is not known.

    `close` is called once, read or not.
    """

    content_type: str
    length: int | None
    read: Callable[[int, int], AsyncGenerator[bytes]]
    close: Callable[[], Awaitable[None]]


class Headed(msgspec.Struct, frozen=True):
    """An answer with headers of its own."""

    answer: object
    headers: tuple[tuple[bytes, bytes], ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path. `path` has no suffix; `listed` is set on lists alone; `owner_only` refuses API keys.

    `variables` are the path's, in order; `account_in` names the one that holds the account. `any_status` lets a write
    reach an account that is not active: what brings it back must. `plain` answers in place of `handler` where the
    request has no `.json`, and `unsigned` does so where it carries no credential either, but a Capability among the
    fields of its query, which it gets: None from it means 404. `device` answers a device that shows a token of its own.
    """

    product: str
    method: str
    path: str
    handler: Callable[..., Awaitable[Answer]]
    form: Form[Any]
    status: int = 200
    item: str = ""
    listed: str | None = None
    paged: bool = True
    key: Callable[[Any], str] = lambda item: item.sid
    owner_only: bool = False
    any_status: bool = False
    account_in: str = "AccountSid"
    plain: Callable[..., Awaitable[Answer]] | None = None
    unsigned: Callable[..., Awaitable[Raw | Streamed | None]] | None = None
    variables: tuple[str, ...] = ()
    body: type[msgspec.Struct] | None = None
    device: Callable[..., Awaitable[Answer]] | None = None


class Resource:
    """Operations on one kind of thing; `path` is relative to the product's `version`, `item` its XML name."""

    def __init__(
        self,
        path: str,
        *,
        item: str,
        listed: str,
        key: Callable[[Any], str] | None = None,
        product: str = CORE,
        version: str = API_VERSION,
        owner_only: bool = False,
        account_in: str = "AccountSid",
    ) -> None:
        self._path = f"/{version}/{path}"
        self._item = item
        self._listed = listed
        self._key = key or (lambda item: str(item.sid))
        self._product = product
        self._owner_only = owner_only
        self._account_in = account_in
        self.operations: list[Operation] = []

    def create(self, form: type[msgspec.Struct] = NoForm, *, status: int = 201) -> Callable[[Handler], Handler]:
        """POST on the list."""
        return self._declare("POST", self._path, form, status=status)

    def list(self, form: type[msgspec.Struct] = NoForm, *, paged: bool = True) -> Callable[[Handler], Handler]:
        """GET on the list; the handler gets a Cursor and answers items newest first."""
        return self._declare("GET", self._path, form, listed=self._listed, paged=paged)

    def fetch(
        self,
        form: type[msgspec.Struct] = NoForm,
        *,
        named: str = "Sid",
        plain: Callable[..., Awaitable[Answer]] | None = None,
        unsigned: Callable[..., Awaitable[Raw | Streamed | None]] | None = None,
    ) -> Callable[[Handler], Handler]:
        """GET on one, called `named` in the path; `plain` answers instead where the request has no `.json`."""
        return self._declare("GET", f"{self._path}/{{{named}}}", form, plain=plain, unsigned=unsigned)

    def only(self, form: type[msgspec.Struct] = NoForm) -> Callable[[Handler], Handler]:
        """GET on the resource's own path, where it is one thing and no list."""
        return self._declare("GET", self._path, form)

    def update(
        self, form: type[msgspec.Struct], *, any_status: bool = False, status: int = 200, named: str = "Sid"
    ) -> Callable[[Handler], Handler]:
        """POST on one, called `named` in the path."""
        return self._declare("POST", f"{self._path}/{{{named}}}", form, any_status=any_status, status=status)

    def delete(self, *, named: str = "Sid") -> Callable[[Handler], Handler]:
        """DELETE on one; the handler returns whether it was there."""
        return self._declare("DELETE", f"{self._path}/{{{named}}}", NoForm, status=204)

    def at(
        self, method: str, below: str, *, status: int = 200, body: type[msgspec.Struct] | None = None
    ) -> Callable[[Handler], Handler]:
        """`method` on the path `below` the resource's own: for what is neither the list nor one of it."""
        return self._declare(method, f"{self._path}/{below}", NoForm, status=status, body=body)

    def by_device(self, method: str, below: str = "") -> Callable[[Handler], Handler]:
        """Let devices do what is declared already of `method` on the path `below` the resource's own."""
        path = f"{self._path}/{below}" if below else self._path

        def declare(handler: Handler) -> Handler:
            (place,) = (n for n, one in enumerate(self.operations) if (one.method, one.path) == (method, path))
            self.operations[place] = msgspec.structs.replace(self.operations[place], device=handler)
            return handler

        return declare

    def _declare(
        self,
        method: str,
        path: str,
        form: type[msgspec.Struct],
        *,
        status: int = 200,
        listed: str | None = None,
        paged: bool = True,
        any_status: bool = False,
        plain: Callable[..., Awaitable[Answer]] | None = None,
        unsigned: Callable[..., Awaitable[Raw | Streamed | None]] | None = None,
        body: type[msgspec.Struct] | None = None,
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.operations.append(
                Operation(
                    product=self._product,
                    method=method,
                    path=path,
                    handler=handler,
                    form=_NO_FORM if form is NoForm else Form(form),
                    status=status,
                    item=self._item,
                    listed=listed,
                    paged=paged,
                    key=self._key,
                    owner_only=self._owner_only,
                    account_in=self._account_in,
                    any_status=any_status,
                    plain=plain,
                    variables=tuple(part[1:-1] for part in path.split("/") if part.startswith("{")),
                    unsigned=unsigned,
                    body=body,
                )
            )
            return handler

        return declare
