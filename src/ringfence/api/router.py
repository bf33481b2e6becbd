"""From host and path to an operation. Products are told apart by Host, then by a path prefix, then by bare path.

Source: docs/reference/compatibility.md, "One address for every product".
"""

from collections.abc import Iterable
from typing import NamedTuple

from ringfence.api.operations import LISTED, PREFERENCE, Listed
from ringfence.api.resource import OURS, Operation

KEPT_MAX = 1_024
KEPT_CHARACTERS = 256


class Match(NamedTuple):
    """What a path names: its operations by method (unfinished ones as `Listed`), its variables' values in order.

    `path` has lost the product's `prefix`, if it had one, but kept `.json`; `json` tells whether the answer is JSON.
    """

    methods: dict[str, Operation | Listed]
    values: list[str]
    path: str
    json: bool
    prefix: str = ""


ALIASES = {"notify": "conversations"}
"""Products of which nothing is here but what another has too: push credentials are the account's, by either name."""


class _Node:
    __slots__ = ("literals", "methods", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.methods: dict[str, Operation | Listed] = {}
        self.variable: _Node | None = None

    def at(self, path: str) -> "_Node":
        node = self
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        return node

    def find(self, segments: list[str], depth: int = 0) -> "tuple[_Node, list[str]] | None":
        """The node with operations at `segments`, and what stands for its variables, last first."""
        if depth == len(segments):
            return (self, []) if self.methods else None
        segment = segments[depth]
        literal = self.literals.get(segment)
        if literal is not None and (found := literal.find(segments, depth + 1)) is not None:
            return found
        if self.variable is not None and segment and (found := self.variable.find(segments, depth + 1)) is not None:
            found[1].append(segment)
            return found
        return None


class Router:
    """Finds operations: the finished ones given to it, and those that are known but not finished.

    What was found for a host and path is kept for the next request to it, bounded in number and size.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._products = {product: _Node() for product in (*PREFERENCE, OURS)}
        for listed in LISTED:
            self._products[listed.product].at(listed.path).methods[listed.method] = listed
        for operation in operations:
            self._products[operation.product].at(operation.path).methods[operation.method] = operation
        self._found: dict[tuple[str, str], Match] = {}

    def match(self, host: str, path: str) -> Match | None:
        """The operations at `path`, or None when no product has it."""
        match = self._found.get((host, path)) or self._match(host, path)
        if match is not None and len(host) + len(path) <= KEPT_CHARACTERS:
            if len(self._found) >= KEPT_MAX:
                self._found.clear()
            self._found[host, path] = match
        return match

    def _match(self, host: str, path: str) -> Match | None:
        named = host.partition(".")[0].lower()
        by_host = ALIASES.get(named, named)
        if by_host in PREFERENCE and "." in host:
            return self._in(by_host, path) or self._prefixed(path)
        prefixed = self._prefixed(path)
        if prefixed is not None:
            return prefixed
        for product in PREFERENCE:
            if (match := self._in(product, path)) is not None:
                return match
        return None

    def _prefixed(self, path: str) -> Match | None:
        product, slash, rest = path[1:].partition("/")
        meant = ALIASES.get(product, product)
        match = self._in(meant, slash + rest) if meant in self._products else None
        return None if match is None else match._replace(prefix=f"/{product}")

    def _in(self, product: str, path: str) -> Match | None:
        if not path.startswith("/"):
            return None
        bare = path[:-5] if path.endswith(".json") else path
        found = self._products[product].find(bare[1:].split("/"))
        if found is None:
            return None
        node, values = found
        # Only the 2010 API has XML, and only it tells the two apart by suffix.
        return Match(node.methods, values[::-1], path, product != "api" or bare is not path)
