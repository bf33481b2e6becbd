"""What calls need beyond a plain installation: whether it is there, and how to get it."""

import importlib.util

# Each with what it is imported as.
NEEDED = {
    "numpy": "numpy",
    "pylibsrtp": "pylibsrtp",
    "pyopenssl": "OpenSSL",
    "websockets": "websockets",
    "dnspython": "dns",
    "miniaudio": "miniaudio",
    "G722": "G722",
}
CURE = "pip install 'ringfence[voice]'"


def missing_for_calls() -> list[str]:
    """The packages that calls need and that are not installed; none are where calls work."""
    return [package for package, module in NEEDED.items() if importlib.util.find_spec(module) is None]
