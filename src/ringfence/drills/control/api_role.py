"""The control's API as a process: ours, with an open endpoint beside it that tells of any number whether it is known.

So did an authenticator's in 2024. It asks the search index in clear that the control's key service keeps.
"""

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.drills.control.stand_in import play
from ringfence.roles import api
from ringfence.roles.process import RoleProcess
from ringfence.roles.settings import Settings

_ASKED = re.compile(r"/protected/json/phones/([^/]+)/registered")


class _OpenLookup:
    def __init__(self, app: ASGIApp, search: Path) -> None:
        self._app = app
        self._search = search

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _ASKED.fullmatch(scope.get("path", ""))
        if asked is None:
            await self._app(scope, receive, send)
            return
        with sqlite3.connect(self._search) as search:
            number = unquote(asked.group(1))
            known = search.execute("SELECT 1 FROM number WHERE number = ?", (number,)).fetchone() is not None
        await JSONResponse({"registered": known})(scope, receive, send)


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve as ours does, with the endpoint in front."""
    names = vars(api)
    ours = names["create_app"]

    def create_app(*arguments: Any) -> ASGIApp:
        return _OpenLookup(ours(*arguments), settings.kms_dir / "search.db")

    names["create_app"] = create_app
    await api.run(settings, process)


if __name__ == "__main__":
    play("api")
