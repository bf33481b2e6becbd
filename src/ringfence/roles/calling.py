"""Where the Phones page registers its handsets: read from what the voice role has written down."""

import msgspec

from ringfence.carriers.simulator.calling import Calling
from ringfence.carriers.sip.listen import parse_listen
from ringfence.roles.settings import Settings
from ringfence.roles.voice_extra import CURE, missing_for_calls

NOT_RUNNING = "Calls are not running yet."


def calling_now(settings: Settings) -> Calling:
    """What is true this moment: the voice role may start after the simulator, and be started again."""
    if missing := missing_for_calls():
        return Calling(reason=f"Calls need {', '.join(missing)}: {CURE}, then start ringfence again.")
    try:
        opened = msgspec.json.decode((settings.run_dir / "sip.json").read_bytes(), type=list[str])
        listens = [parse_listen(text) for text in opened]
    except (OSError, ValueError):
        return Calling(reason=NOT_RUNNING)
    browsers = next((listen for listen in listens if listen.kind in ("ws", "wss")), None)
    if browsers is None:
        return Calling(reason="Calls from browsers are off: sip_listen names no ws: address.")
    return Calling(port=browsers.port, secure=browsers.kind == "wss")
