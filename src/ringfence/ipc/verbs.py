"""Verbs: async functions by name, whose annotations say how their arguments are decoded."""

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

Handler = Callable[..., Awaitable[Any]]


class Verb:
    """One callable verb. Arguments are checked against the function's annotations before it sees them."""

    def __init__(self, name: str, handler: Handler) -> None:
        hints = typing.get_type_hints(handler)
        fields: list[Any] = []
        for parameter in inspect.signature(handler).parameters.values():
            field = (parameter.name, hints[parameter.name])
            fields.append(field if parameter.default is parameter.empty else (*field, parameter.default))
        shape = msgspec.defstruct(f"Args_{name}", fields, array_like=True, forbid_unknown_fields=True)
        self._handler = handler
        self._decoder = msgspec.msgpack.Decoder(shape)

    async def call(self, args: msgspec.Raw) -> object:
        """Run it. ValueError where the arguments do not fit."""
        try:
            decoded = self._decoder.decode(args)
        except msgspec.DecodeError as error:
            raise ValueError(f"arguments refused: {error}") from None
        return await self._handler(*msgspec.structs.astuple(decoded))


class Verbs:
    """The verbs one socket answers. A name that is not among them is refused."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._verbs = {name: Verb(name, handler) for name, handler in handlers.items()}

    async def call(self, name: str, args: msgspec.Raw) -> object:
        """Run the verb, or PermissionError when this socket does not have it."""
        verb = self._verbs.get(name)
        if verb is None:
            raise PermissionError("this socket does not answer that verb")
        return await verb.call(args)
