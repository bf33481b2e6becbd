"""The control's key service answers whatever a role may ask of it: else a drill breaks off, and tells nothing."""

import asyncio
import inspect
from pathlib import Path

import pytest

from ringfence.domain.clock import SystemClock
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.installation import installation
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, DispatcherKeyClient


def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


async def unanswered(asker: object) -> list[str]:
    """The methods of a client of keys whose verb its socket does not have. Arguments are such as fit nowhere."""
    found = []
    for name, method in inspect.getmembers(asker, inspect.iscoroutinefunction):
        parameters = inspect.signature(method).parameters.values()
        try:
            await method(*(None for each in parameters if each.default is each.empty))
        except PermissionError:
            found.append(name)
        except (ValueError, ConnectionError):
            continue
    return found


@pytest.mark.parametrize("design", [OURS, the_control()], ids=lambda design: design.name)
def test_every_verb_that_a_dispatcher_or_an_api_may_call_is_answered(design: Design, tmp_path: Path) -> None:
    async def story() -> dict[str, list[str]]:
        roles = list(dict.fromkeys((design.log_writer, "kms")))
        async with installation(tmp_path, design.command, roles=roles) as (_, settings):
            carriage, tenants = Client(settings.socket("kms-dispatcher")), Client(settings.socket("kms-api"))
            try:
                return {
                    "dispatcher": await unanswered(DispatcherKeyClient(carriage)),
                    "api": await unanswered(ApiKeyClient(tenants, SystemClock())),
                    # Neither socket answers the other's: the question does tell what is missing.
                    "strangers": (await unanswered(ApiKeyClient(carriage, SystemClock())))[:1],
                }
            finally:
                await carriage.close()
                await tenants.close()

    assert asyncio.run(story()) == {"dispatcher": [], "api": [], "strangers": ["add_sealer"]}
