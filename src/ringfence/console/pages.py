"""Pages from templates, in which every value is text: what people and carriers wrote cannot become markup."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import HTMLResponse

from ringfence.console.live.pages import VERSION
from ringfence.domain.how_many import how_many


class Pages:
    """The templates of this package. A value that a template names and nobody gave is an error."""

    def __init__(self) -> None:
        # A tenth of a second to import, which only a process that serves pages need spend.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        self._environment = Environment(
            loader=PackageLoader("ringfence.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["time"] = shown_time
        self._environment.filters["how_many"] = how_many

    def page(self, name: str, status: int = 200, /, **values: Any) -> HTMLResponse:
        """The page of a template."""
        return HTMLResponse(self._environment.get_template(name).render(values, version=VERSION.get()), status)


def shown_time(at_ms: int) -> str:
    """Unix milliseconds as people read them, UTC, to the second."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
