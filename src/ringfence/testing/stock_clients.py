"""Leads every stock Twilio client of the process here while a test runs, and what `requests` asks twilio.com.

Without it a program under test, which makes its own client, would call the real service.
"""

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from ringfence.testing.api_requests import Asks

_SYNC, _ASYNC = "twilio.http.http_client", "twilio.http.async_http_client"
# What programs fetch media with.
_REQUESTS = "requests.adapters"
_CLASSES = {_SYNC: "TwilioHttpClient", _ASYNC: "AsyncTwilioHttpClient", _REQUESTS: "HTTPAdapter"}
_METHODS = {_REQUESTS: "send"}


class StockClients(importlib.abc.MetaPathFinder):
    """In force between `install` and `remove`: on the SDK's modules that are loaded, and on those loaded later."""

    def __init__(self, api: Asks) -> None:
        self._api = api
        self._originals: list[tuple[type, str, Callable[..., Any]]] = []

    def install(self) -> None:
        """Lead them here."""
        for name in _CLASSES:
            if (module := sys.modules.get(name)) is not None:
                self._lead(module)
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Let them go where they went before."""
        sys.meta_path.remove(self)
        while self._originals:
            client, method, original = self._originals.pop()
            setattr(client, method, original)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _CLASSES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._lead)
        return spec

    def _lead(self, module: ModuleType) -> None:
        client = getattr(module, _CLASSES[module.__name__])
        method = _METHODS.get(module.__name__, "request")
        original = getattr(client, method)
        setattr(client, method, self._led(module.__name__, original))
        self._originals.append((client, method, original))

    def _led(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        ask = self._ask

        @functools.wraps(original)
        def request(client: Any, method: str, url: str, *args: Any, **more: Any) -> Any:
            return ask(method, url, *args, **more) if _leads_here(url) else original(client, method, url, *args, **more)

        @functools.wraps(original)
        async def request_async(client: Any, method: str, url: str, *args: Any, **more: Any) -> Any:
            if _leads_here(url):
                return ask(method, url, *args, **more)
            return await original(client, method, url, *args, **more)

        @functools.wraps(original)
        def send(adapter: Any, prepared: Any, *args: Any, **more: Any) -> Any:
            if not _leads_here(prepared.url):
                return original(adapter, prepared, *args, **more)
            from ringfence.testing.requests_transport import response_to

            return response_to(self._api, adapter, prepared)

        ways: dict[str, Callable[..., Any]] = {_SYNC: request, _ASYNC: request_async, _REQUESTS: send}
        return ways[name]

    def _ask(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        from ringfence.testing.twilio_transport import answer_of

        return answer_of(self._api, method, url, *args, **more)


class _Loader(importlib.abc.Loader):
    """Loads as the real loader does, then tells somebody."""

    def __init__(self, loader: importlib.abc.Loader, loaded: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._loaded(module)


def is_twilio(host: str) -> bool:
    """True for the hosts that lead here."""
    return host == "twilio.com" or host.endswith(".twilio.com")


def _leads_here(url: str) -> bool:
    return is_twilio(urlsplit(url).hostname or "")
