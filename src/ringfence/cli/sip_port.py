"""Where the running installation takes SIP: the ports that its voice role has written down."""

import json
from typing import Literal

from ringfence.carriers.sip.listen import parse_listen
from ringfence.cli.invocation import invocation
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def sip_port(settings: Settings, kind: Literal["udp", "ws"]) -> int:
    """The first port of this kind. RefusalError where calls are not running, or `sip_listen` opens none."""
    try:
        opened = [parse_listen(text) for text in json.loads((settings.run_dir / "sip.json").read_text())]
    except (OSError, ValueError):
        raise RefusalError("calls are not running here", f"start it in another terminal: {invocation()} up") from None
    for listen in opened:
        if listen.kind == kind:
            return listen.port
    raise RefusalError(f"sip_listen names no {kind}: address", f"add {kind}:127.0.0.1:0 to sip_listen")
