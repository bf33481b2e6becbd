"""Which URL, fields and token give a signature: the app's own view, changed as proxies and frameworks change it.

Source: Twilio, "Webhooks security"; the documentation of Werkzeug's ProxyFix, Express ("behind proxies") and Django
(SECURE_PROXY_SSL_HEADER, USE_X_FORWARDED_HOST).
"""

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from ringfence.domain.signature import BODY_HASH_PARAMETER

DEFAULT_PORTS = {"http": 80, "https": 443}
STRIPPED_SEGMENTS = 3
Pairs = Sequence[tuple[str, str]]

CURES = {
    "scheme": (
        "a proxy ends TLS: have it send X-Forwarded-Proto, and the app believe it. "
        "Flask: app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1). Express: app.set('trust proxy', 1). "
        "Django: SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')"
    ),
    "host": (
        "a proxy calls the app by another name: have it keep Host, or send X-Forwarded-Host, and the app believe it. "
        "Flask: ProxyFix(app.wsgi_app, x_proto=1, x_host=1). Express: app.set('trust proxy', 1) and req.hostname. "
        "Django: USE_X_FORWARDED_HOST = True"
    ),
    "port": (
        "the app adds or loses a port: build the URL from the Host header as it came, or from the configured one. "
        "Flask: ProxyFix(app.wsgi_app, x_host=1, x_port=1). Django: USE_X_FORWARDED_PORT = True"
    ),
    "path": (
        "a proxy takes a part of the path away: hash the path as the sender knows it. "
        "Flask: X-Forwarded-Prefix and ProxyFix(app.wsgi_app, x_prefix=1). Express: req.originalUrl, not req.url. "
        "Django: FORCE_SCRIPT_NAME"
    ),
    "slash": "a slash at the path's end is part of the URL: configure the webhook with the path that the app has",
    "query": (
        "the query is hashed as it was sent, in its order and with its escapes. Flask: request.url, or "
        "request.full_path without a bare ?. Express: req.originalUrl. "
        "Django: request.build_absolute_uri()"
    ),
    "parameters": "hash all fields of the form as they came, once each, and nothing else; of a GET or a JSON body none",
    "body hash": (
        "a JSON body is not hashed as fields: check the URL alone, and that bodySHA256 in it is the body's SHA-256. "
        "Python: validator.validate(url, body_text, signature). Node: validateRequestWithBody"
    ),
    "token": "the app checks with another token: give it this one",
}


class Seen(NamedTuple):
    """What the app says it was asked: its URL, the fields of the form (none for another body), and the body."""

    url: str
    pairs: Pairs
    body: bytes = b""


class Difference(NamedTuple):
    """One way in which what was signed is not what the app hashed."""

    kind: str
    was: str

    @property
    def cure(self) -> str:
        return CURES[self.kind]


class Found(NamedTuple):
    """What was signed, by which token (its label), and how it differs from what the app hashed."""

    url: str
    token: str
    differences: tuple[Difference, ...]


class Searched(NamedTuple):
    """The nearest match, None where nothing matched; `tried` counts the forms."""

    found: Found | None
    tried: int


def search(
    seen: Seen,
    signature: str,
    tokens: Mapping[str, str],
    *,
    known_urls: Sequence[str] = (),
    prefixes: Sequence[str] = (),
) -> Searched:
    """Find what `signature` was made of. The first of `tokens` is the one that the app has.

    `known_urls` are those that may have been signed whole, as the number's configured one; `prefixes` are paths that a
    proxy may have taken away. Of several matches, the one with the fewest differences.
    """
    expected = signature.strip()
    forms = sorted(_forms(seen, known_urls, prefixes), key=lambda form: len(form[2]))
    tried = 0
    best: Found | None = None
    for place, (label, token) in enumerate(tokens.items()):
        ours = (Difference("token", f"signed with {label}"),) if place else ()
        for url, base, differences in forms:
            if best is not None and len(differences) + len(ours) >= len(best.differences):
                continue
            tried += 1
            digest = base64.b64encode(hmac.digest(token.encode(), base, "sha1")).decode()
            if hmac.compare_digest(digest, expected):
                best = Found(url, label, (*differences, *ours))
    return Searched(best, tried)


_Form = tuple[str, bytes, tuple[Difference, ...]]


def _forms(seen: Seen, known_urls: Sequence[str], prefixes: Sequence[str]) -> Iterator[_Form]:
    urls = _urls(seen.url, known_urls, prefixes)
    for (url, url_differences), (parameters, more) in itertools.product(urls.items(), _parameters(seen)):
        yield url, (url + parameters).encode("utf-8", "surrogatepass"), (*url_differences, *more)
        if BODY_HASH_PARAMETER not in url and not seen.pairs and seen.body:
            hashed = hashlib.sha256(seen.body).hexdigest()
            joined = f"{url}{'&' if '?' in url else '?'}{BODY_HASH_PARAMETER}={hashed}"
            difference = Difference("body hash", f"the URL ends in {BODY_HASH_PARAMETER}=…")
            yield joined, joined.encode(), (*url_differences, difference)


def _urls(url: str, known_urls: Sequence[str], prefixes: Sequence[str]) -> dict[str, tuple[Difference, ...]]:
    """Forms of the URL, each with how it differs; those with fewer differences win."""
    found: dict[str, tuple[Difference, ...]] = {}
    for start, about_start in ((url, ()), *((known, _between(url, known)) for known in known_urls)):
        parts = urlsplit(start)
        # What is written in the URL counts, in the letters it has.
        host, _, port = parts.netloc.rpartition(":") if _has_port(parts.netloc) else (parts.netloc, "", "")
        for scheme, path, query in itertools.product(
            _schemes(parts.scheme), _paths(parts.path, prefixes), _queries(parts.query)
        ):
            for shown_port in _ports(scheme[0], port):
                text = f"{scheme[0]}://{host}{shown_port[0]}{path[0]}{query[0]}"
                parts_differ = [each for each in (scheme[1], shown_port[1], *path[1], query[1]) if each is not None]
                differences = (*about_start, *parts_differ)
                if text not in found or len(differences) < len(found[text]):
                    found[text] = differences
    return found


def _between(url: str, known: str) -> tuple[Difference, ...]:
    """How a URL that may have been signed whole differs from the app's."""
    ours, theirs = urlsplit(url), urlsplit(known)
    parts = (
        ("scheme", ours.scheme, theirs.scheme),
        ("host", ours.netloc, theirs.netloc),
        ("path", ours.path, theirs.path),
        ("query", ours.query, theirs.query),
    )
    return tuple(
        Difference(kind, f"{theirs or '(nothing)'} was signed, the app hashed {ours or '(nothing)'}")
        for kind, ours, theirs in parts
        if ours != theirs
    )


_Option = tuple[str, Difference | None]


def _schemes(scheme: str) -> list[_Option]:
    other = "http" if scheme == "https" else "https"
    return [(scheme, None), (other, Difference("scheme", f"{other} was signed, the app hashed {scheme}"))]


def _ports(scheme: str, port: str) -> list[_Option]:
    default = str(DEFAULT_PORTS.get(scheme, 443))
    as_is = (f":{port}" if port else "", None)
    without = ("", Difference("port", f"without a port, the app hashed {port}")) if port else None
    with_default = (f":{default}", Difference("port", f"with port {default}")) if port != default else None
    return [as_is, *(each for each in (without, with_default) if each is not None)]


def _paths(path: str, prefixes: Sequence[str]) -> list[tuple[str, tuple[Difference, ...]]]:
    segments = path.strip("/").split("/")
    found: dict[str, tuple[Difference, ...]] = {path: ()}
    for prefix in prefixes:
        longer = "/" + prefix.strip("/") + path
        found.setdefault(longer, (Difference("path", f"{longer} was signed, the app hashed {path}"),))
    for count in range(1, min(STRIPPED_SEGMENTS, len(segments) - 1) + 1):
        shorter = "/" + "/".join(segments[count:])
        found.setdefault(shorter, (Difference("path", f"{shorter} was signed, the app hashed {path}"),))
    for each, differences in list(found.items()):
        other = each.removesuffix("/") if each.endswith("/") else each + "/"
        slash = Difference("slash", f"{'with' if other.endswith('/') else 'without'} a slash at the path's end")
        found.setdefault(other, (*differences, slash))
    return list(found.items())


def _queries(query: str) -> list[_Option]:
    found: dict[str, str] = {query: ""}
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        found.setdefault("", "without the query")
        found.setdefault(urlencode(pairs), "with the query's spaces as +")
        found.setdefault(urlencode(pairs, quote_via=quote), "with the query's spaces as %20")
        found.setdefault(unquote(query), "with the query unescaped")
        for order, words in ((sorted, "in order of name"), (lambda each: each[::-1], "in the opposite order")):
            found.setdefault("&".join(order(query.split("&"))), f"with the query {words}")
    return [
        (f"?{text}" if text else "", Difference("query", words) if words else None) for text, words in found.items()
    ]


def _parameters(seen: Seen) -> list[tuple[str, tuple[Difference, ...]]]:
    pairs = list(seen.pairs)
    query = parse_qsl(urlsplit(seen.url).query, keep_blank_values=True)
    forms: dict[str, str] = {_joined(pairs): ""}

    def offer(changed: Iterable[tuple[str, str]], words: str) -> None:
        forms.setdefault(_joined(changed), words)

    if pairs:
        offer((), "without the form's fields")
        offer([pair for pair in pairs if pair not in query], "without fields that are the query's")
        offer(((name, value.strip()) for name, value in pairs), "with spaces around the values taken away")
        offer(dict(reversed(pairs)).items(), "with the first value of each name alone")
        offer(dict(pairs).items(), "with the last value of each name alone")
        offer([pair for pair in pairs if pair[1]], "without the empty fields")
    elif seen.body:
        offer(parse_qsl(seen.body.decode(errors="replace"), keep_blank_values=True), "with the body's fields")
    return [(text, (Difference("parameters", words),) if words else ()) for text, words in forms.items()]


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(name + value for name, value in sorted(set(pairs)))


def _has_port(netloc: str) -> bool:
    return netloc.rpartition(":")[2].isdigit() and not netloc.endswith("]")
