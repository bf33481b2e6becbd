"""The app's files, and the headers under which a browser runs them."""

from pathlib import Path

ROOT = Path(__file__).parents[1] / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
# No script from elsewhere, none inline, and no string that becomes markup or a script's address.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types own-scripts"
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    ("Cache-Control", "no-cache"),
]


def paths() -> list[str]:
    """What can be asked for, as URL paths, in order. The service worker is not in its own list."""
    files = (path for path in ROOT.rglob("*") if path.suffix in TYPES)
    return sorted(f"/{path.relative_to(ROOT).as_posix()}" for path in files)


def read(path: str) -> tuple[str, bytes] | None:
    """Type and bytes of the file at a URL path, or None. Only what `paths` lists can be had."""
    wanted = "/index.html" if path == "/" else path
    if wanted not in paths():
        return None
    file = ROOT / wanted[1:]
    return TYPES[file.suffix], file.read_bytes()
