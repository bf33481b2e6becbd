"""Leads every stock Twilio client of the process here while a test runs, however the program made it.

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

from ringfence.testing.api_requests import ApiRequests

_SYNC, _ASYNC = "twilio.http.http_client", "twilio.http.async_http_client"
_CLASSES = {_SYNC: "TwilioHttpClient", _ASYNC: "AsyncTwilioHttpClient"}


class StockClients(importlib.abc.MetaPathFinder):
    """In force between `install` and `remove`: on the SDK's modules that are loaded, and on those loaded later."""

    def __init__(self, api: ApiRequests) -> None:
        self._api = api
        self._originals: list[tuple[type, Callable[..., Any]]] = []

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
            client, original = self._originals.pop()
            client.request = original  # type: ignore[attr-defined]

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
        original = client.request
        ask = self._ask

        @functools.wraps(original)
        def request(client: Any, method: str, url: str, *args: Any, **more: Any) -> Any:
            return ask(method, url, *args, **more) if _is_twilio(url) else original(client, method, url, *args, **more)

        @functools.wraps(original)
        async def request_async(client: Any, method: str, url: str, *args: Any, **more: Any) -> Any:
            if _is_twilio(url):
                return ask(method, url, *args, **more)
            return await original(client, method, url, *args, **more)

        client.request = request_async if module.__name__ == _ASYNC else request
        self._originals.append((client, original))

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


def _is_twilio(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "twilio.com" or host.endswith(".twilio.com")
