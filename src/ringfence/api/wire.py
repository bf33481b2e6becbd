"""The API as a bare ASGI app: route, sign in, read the form, run the handler, write the answer.

One road for every operation, the busy ones too: there is no second, faster one to keep in step with it.
"""

import asyncio
import traceback
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import structlog
from msgspec.structs import replace
from starlette.types import Message, Receive, Scope, Send

from ringfence.api.access_intake import AccessIntake
from ringfence.api.account_rate import AccountRate
from ringfence.api.admission import Admission, Tenant, TooManyRequestsError
from ringfence.api.auth import Authenticator, Presented, device_token
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.forms import Form
from ringfence.api.frozen import FrozenCredentials
from ringfence.api.json_body import JSON_TYPE, read_json
from ringfence.api.last_uses import LastUses
from ringfence.api.metrics import Metrics
from ringfence.api.operations import Listed
from ringfence.api.paging import PageForm, cursor_of, page_of
from ringfence.api.permissions import permission_of
from ringfence.api.recognized import RecognizedHeaders
from ringfence.api.refusal_pace import RefusalPace
from ringfence.api.resource import CORE, ApiRequest, DeviceRequest, Operation
from ringfence.api.respond import JSON, XML, Reply, refuse, reply_with
from ringfence.api.root import root_of
from ringfence.api.router import Match, Router
from ringfence.api.streaming import write_pieces
from ringfence.api.urlencoded import parse_pairs
from ringfence.domain.client_validation import ClientRequest, NotValidatedError, check_client, read_client_keys
from ringfence.domain.errors import ApiError
from ringfence.domain.random_bytes import RandomBytes
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.onlookers import ApiCall
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.access.halts import FrozenAccounts
from ringfence.usecases.access.react import Reactions

FORM_TYPE = b"application/x-www-form-urlencoded"
_KEPT_BY_NOBODY = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))

_log = structlog.get_logger(__name__)
_page_form = Form(PageForm)
_request_bits = RandomBytes(16)


class _Head:
    """The few headers that the API reads, and the bounds of what came with them."""

    __slots__ = ("authorization", "content_length", "content_type", "host", "range", "size")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.authorization: bytes | None = None
        self.content_type = b""
        self.content_length = b""
        self.host = ""
        self.range = b""
        self.size = 0
        for name, value in headers:
            self.size += len(name) + len(value)
            if name == b"authorization":
                self.authorization = value
            elif name == b"content-type":
                self.content_type = value
            elif name == b"content-length":
                self.content_length = value
            elif name == b"range":
                self.range = value
            elif name == b"host":
                self.host = value.decode("latin-1")


class Wire:
    """Answers every HTTP request with Twilio's bytes or with Twilio's error."""

    def __init__(self, deps: ApiDependencies, operations: Iterable[Operation]) -> None:
        self._deps = deps
        self._limits = deps.limits
        self._router = Router(operations)
        self._metrics = Metrics(deps.registry)
        self._auth = Authenticator(
            deps.store,
            deps.clock,
            frozen=FrozenCredentials(deps.store, deps.clock),
            reactions=Reactions(deps.store, deps.clock, deps.freeze_notes),
            intake=AccessIntake(deps.store, deps.keys, deps.clock),
            failures_of_address=deps.limits.failed_logins_of_address,
            refused=self._metrics.kept_out,
        )
        self._halts = FrozenAccounts(deps.store, deps.clock)
        self._uses = LastUses(deps.store, deps.clock)
        self._admission = Admission(deps.limits.admission)
        self._rate = AccountRate(deps.clock, deps.limits.account_rps)
        self._recognized = RecognizedHeaders(deps.clock)
        self._pace = RefusalPace(deps.clock)
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request_id = f"RQ{_request_bits().hex()}"
        path: str = scope["path"]
        head = _Head(scope["headers"])
        match = self._router.match(head.host, path)
        json = match.json if match is not None else path.endswith(".json") or not path.startswith("/2010-04-01")
        name = "unknown"
        hold_s = 0.0
        self._in_flight += 1
        try:
            if match is None:
                raise ApiError(20404)
            operation = _operation_of(match, scope["method"])
            name = f"{operation.product} {operation.method} {operation.path}"
            reply = await self._answer(operation, match, head, scope, receive)
        except TooManyRequestsError as error:
            reply = refuse(error, path, json=json)
            hold_s = self._pace.hold_s(error.who)
            self._metrics.refused(error.cause)
        except ApiError as error:
            reply = refuse(error, match.path if match is not None else path, json=json)
        except KeyRefusedError:
            reply = refuse(ApiError(20003), path, json=json)
        except QueueFullError:
            reply = refuse(ApiError(20429), path, json=json)
            self._metrics.refused("store")
        except (ConnectionError, StoreFailedError) as error:
            _log.warning("service away", route=name, request_id=request_id, error=type(error).__name__)
            reply = refuse(ApiError(20503), path, json=json)
        except Exception as error:
            # Its text may quote a body or a number: the place and the kind are enough to find it.
            frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
            _log.error("request failed", route=name, request_id=request_id, error=type(error).__name__, frames=frames)
            reply = refuse(ApiError(20500), path, json=json)
        finally:
            self._in_flight -= 1
        if hold_s:
            await self._hold(hold_s)
        await _write(send, receive, reply, request_id, head_only=scope["method"] == "HEAD")
        took_s = perf_counter() - started
        self._metrics.count(name, reply.status, took_s)
        if self._deps.onlookers.present:
            self._deps.onlookers.tell(
                ApiCall(
                    at_ms=self._deps.clock.now_ms(),
                    route=name,
                    http_status=reply.status,
                    duration_ms=round(took_s * 1_000, 1),
                    request_id=request_id,
                    code=reply.code,
                )
            )

    async def _answer(
        self, operation: Operation | Listed, match: Match, head: _Head, scope: Scope, receive: Receive
    ) -> Reply:
        if self._in_flight > self._limits.in_flight:
            raise ApiError(20429)
        if head.size > self._limits.header_bytes:
            raise ApiError(20431)
        if isinstance(operation, Operation) and head.authorization is None and not match.json:
            opened = await self._open_unsigned(operation, match, head, scope["query_string"])
            if opened is not None:
                return opened
        self._refuse_a_crowd(head)
        if isinstance(operation, Operation) and operation.device is not None:
            token = device_token(head.authorization)
            if token is not None:
                return await self._serve_device(operation, token, match, head, scope, receive)
        presented = await self._auth.present(head.authorization, (scope.get("client") or ("",))[0])
        if isinstance(operation, Listed):
            raise ApiError(20501, f"{operation.method} {operation.path} is not available here yet.")
        if self._admission.waiting and head.authorization is not None:
            self._recognized.note(head.authorization, presented.account.tenant)
        self._rate.spend(presented.account.tenant)
        tenant = self._admission.arrive(presented.account.tenant)
        try:
            await self._uses.note(presented.account.sid, presented.caller.credential)
            return await self._serve(operation, tenant, presented, match, head, scope, receive)
        finally:
            self._admission.depart(tenant)

    def _refuse_a_crowd(self, head: _Head) -> None:
        """Refuse before signing in, which reads the store, whoever would be refused after it."""
        if self._admission.full and head.authorization is not None:
            tenant = self._recognized.tenant_of(head.authorization)
            if tenant is not None and self._admission.refuses(tenant):
                raise TooManyRequestsError(tenant)

    async def _hold(self, hold_s: float) -> None:
        self._pace.held += 1
        try:
            await asyncio.sleep(hold_s)
        finally:
            self._pace.held -= 1

    async def _serve(
        self,
        operation: Operation,
        tenant: Tenant,
        presented: Presented,
        match: Match,
        head: _Head,
        scope: Scope,
        receive: Receive,
    ) -> Reply:
        variables = dict(zip(operation.variables, match.values, strict=True))
        sid = variables.get(operation.account_in)
        account = presented.account if sid is None else await self._auth.reach(presented, sid)
        if operation.owner_only and presented.auth_token is None:
            raise ApiError(20003, "Only an account's Auth Token may do this, not an API key.")
        if presented.policy is not None:
            permission = permission_of(operation)
            if permission is None or not presented.policy.allows(permission):
                raise ApiError(70051, permission=permission or "")
        if account.status != "active" and operation.method != "GET" and not operation.any_status:
            raise ApiError(20005)
        query: bytes = scope["query_string"]
        if len(query) > self._limits.query_bytes:
            raise ApiError(20414)
        sent = query if operation.method == "GET" else await self._body(head, receive, operation.body)
        self._check_client(presented, scope, b"" if operation.method == "GET" else sent)
        # A network is learnt from what is let in alone, or a stolen key taught its own before it is refused.
        client = (scope.get("client") or ("",))[0]
        await self._uses.note(presented.account.sid, presented.caller.credential, client)
        pairs = parse_pairs(sent) if operation.body is None else []
        await self._admission.enter(tenant)
        try:
            form = operation.form.read(pairs) if operation.body is None else read_json(sent, operation.body)
            core = operation.product == CORE
            root = "" if core else root_of(self._deps.base_url, scope["scheme"], head.host, match.prefix)
            request: ApiRequest[Any] = ApiRequest(self._deps, presented, account, variables, form, root, client)
            answer = await _run(operation, request, match, pairs)
            return reply_with(operation, answer, json=match.json, asked=head.range)
        finally:
            self._admission.leave(tenant)

    def _check_client(self, presented: Presented, scope: Scope, body: bytes) -> None:
        """Refuse what is not signed by a key of the account that signed in, where it has any."""
        account = presented.account
        if not account.client_keys:
            return
        request = ClientRequest(
            method=scope["method"],
            path=scope["raw_path"],
            query=scope["query_string"],
            headers=scope["headers"],
            body=body,
        )
        keys = read_client_keys(account.client_keys)
        # Either Auth Token signs in by the account's name, and has no other to be named by.
        credential = presented.caller.credential if presented.auth_token is None else account.sid
        try:
            check_client(request, keys, account=account.sid, credential=credential, now_ms=self._deps.clock.now_ms())
        except NotValidatedError as error:
            self._metrics.kept_out("client")
            raise ApiError(70156, reason=error) from None

    async def _open_unsigned(self, operation: Operation, match: Match, head: _Head, query: bytes) -> Reply | None:
        """The answer to a request whose only credential is a capability in its query; None where it has none."""
        if operation.unsigned is None or not query or len(query) > self._limits.query_bytes:
            return None
        asked = dict(parse_pairs(query))
        if "Capability" not in asked:
            return None
        variables = dict(zip(operation.variables, match.values, strict=True))
        if (await self._halts.now()).stops(variables[operation.account_in]):
            raise ApiError(20404)
        answer = await operation.unsigned(self._deps, variables, asked)
        if answer is None:
            raise ApiError(20404)
        return reply_with(operation, answer, json=False, asked=head.range)

    async def _serve_device(
        self, operation: Operation, token: str, match: Match, head: _Head, scope: Scope, receive: Receive
    ) -> Reply:
        """The answer to a device: it signs in by a token of its own, and reaches what is for devices."""
        if self._deps.factoring is None or operation.device is None:
            raise ApiError(20003)
        client = (scope.get("client") or ("",))[0]
        device = await self._auth.present_device(token, self._deps.factoring.devices, client)
        self._rate.spend(device.account.tenant)
        tenant = self._admission.arrive(device.account.tenant)
        try:
            query: bytes = scope["query_string"]
            if len(query) > self._limits.query_bytes:
                raise ApiError(20414)
            sent = query if operation.method == "GET" else await self._body(head, receive, None)
            pairs = parse_pairs(sent)
            await self._admission.enter(tenant)
            try:
                variables = dict(zip(operation.variables, match.values, strict=True))
                root = root_of(self._deps.base_url, scope["scheme"], head.host, match.prefix)
                request = DeviceRequest(self._deps, device, variables, operation.form.read(pairs), root)
                answer = await _run(replace(operation, handler=operation.device), request, match, pairs)
                return reply_with(operation, answer, json=match.json)
            finally:
                self._admission.leave(tenant)
        finally:
            self._admission.depart(tenant)

    async def _body(self, head: _Head, receive: Receive, json: type | None) -> bytes:
        limit = self._limits.body_bytes
        if head.content_length.isdigit() and int(head.content_length[:12]) > limit:
            raise ApiError(20413, f"The request's body is larger than {limit} bytes.")
        # The server bounds how long the first part may take; a client that left instead has asked for nothing.
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(20408)
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            try:
                async with asyncio.timeout(self._limits.body_s):
                    body = await _rest_of(body, receive, limit)
            except TimeoutError:
                raise ApiError(20408) from None
        if len(body) > limit:
            raise ApiError(20413, f"The request's body is larger than {limit} bytes.")
        wanted = FORM_TYPE if json is None else JSON_TYPE
        if body and head.content_type.partition(b";")[0].strip().lower() != wanted:
            raise ApiError(20415, f"The request's body must be {wanted.decode()}.")
        return body


def _operation_of(match: Match, method: str) -> Operation | Listed:
    operation = match.methods.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise ApiError(20004)
    return operation


async def _run(operation: Operation, request: ApiRequest[Any], match: Match, pairs: list[tuple[str, str]]) -> Any:
    if operation.listed is not None and operation.paged:
        form = _page_form.read(pairs)
        items = await operation.handler(request, cursor_of(form))
        filters = [pair for pair in pairs if pair[0] in operation.form.names]
        return page_of(form, match.path, filters, items, operation.key, request.root)
    handler = operation.plain if operation.plain is not None and not match.json else operation.handler
    answer = await handler(request)
    if answer is None or answer is False:
        raise ApiError(20404)
    return answer


async def _rest_of(body: bytes, receive: Receive, limit: int) -> bytes:
    parts = [body]
    size = len(body)
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(20408)
        part = message.get("body", b"")
        size += len(part)
        parts.append(part)
        if not message.get("more_body"):
            break
    return b"".join(parts)


async def _write(send: Send, receive: Receive, reply: Reply, request_id: str, *, head_only: bool) -> None:
    headers = [(b"twilio-request-id", request_id.encode()), *reply.headers]
    if reply.content_type in (JSON, XML):
        headers += _KEPT_BY_NOBODY
    if reply.status != 204:
        length = len(reply.body) if reply.pieces is None else reply.length
        headers.append((b"content-type", reply.content_type))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
    start: Message = {"type": "http.response.start", "status": reply.status, "headers": headers}
    try:
        await send(start)
        if reply.pieces is None or head_only:
            await send({"type": "http.response.body", "body": b"" if head_only else reply.body})
        else:
            await write_pieces(send, receive, reply.pieces, request_id)
    finally:
        if reply.close is not None:
            await reply.close()
