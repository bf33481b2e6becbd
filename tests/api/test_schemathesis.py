"""Requests that schemathesis draws from Twilio's own description, good and bad ones, for every finished operation.

Needs RINGFENCE_REFERENCE, as test_openapi does.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ringfence.api.app import operations
from ringfence.api.resource import Operation

REFERENCE = os.environ.get("RINGFENCE_REFERENCE", "")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="RINGFENCE_REFERENCE does not point at Twilio's OpenAPI")


DOCUMENTS = {
    "accounts": ["twilio_accounts_v1.json"],
    "api": ["twilio_api_v2010.json"],
    "conversations": ["twilio_conversations_v1.json"],
    "iam": ["twilio_iam_v1.json"],
    "lookups": ["twilio_lookups_v2.json", "twilio_lookups_v1.json"],
    "messaging": ["twilio_messaging_v1.json"],
    "verify": ["twilio_verify_v2.json"],
    "voice": ["twilio_voice_v1.json"],
}


def path_of(operation: Operation) -> str:
    return f"{operation.path}.json" if operation.product == "api" else operation.path


def finished(product: str) -> Any:
    """Twilio's description, cut down to what is finished here."""
    page, *others = [json.loads((Path(REFERENCE) / "twilio-openapi" / name).read_text()) for name in DOCUMENTS[product]]
    for other in others:
        page["paths"] |= other["paths"]
        page["components"]["schemas"] |= other["components"]["schemas"]
    wanted: dict[str, set[str]] = {}
    for operation in operations():
        if operation.product == product:
            wanted.setdefault(path_of(operation), set()).add(operation.method.lower())
    page["paths"] = {
        path: {key: value for key, value in page["paths"][path].items() if key in methods}
        for path, methods in wanted.items()
    }
    return schemathesis.openapi.from_dict(page)


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return {product: finished(product) for product in DOCUMENTS}


@pytest.mark.parametrize("wanted", operations(), ids=lambda operation: f"{operation.method} {path_of(operation)}")
def test_every_answer_is_one_that_twilio_could_give(
    installation: Any, described: dict[str, Any], wanted: Operation
) -> None:
    tenant = installation.new_tenant()
    tenant.number()
    operation = described[wanted.product][path_of(wanted)][wanted.method]
    strategy = st.one_of(
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case: Any) -> None:
        if "AccountSid" in case.path_parameters:
            case.path_parameters["AccountSid"] = tenant.sid
        # The path alone names another product first.
        prefixed = wanted.product in {"voice", "lookups"}
        base_url = f"{installation.url}/{wanted.product}" if prefixed else installation.url
        answer = case.call(base_url=base_url, auth=(tenant.sid, tenant.token), timeout=10)
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        if answer.status_code >= 400:
            assert set(answer.json()) == {"code", "message", "more_info", "status"}

    draw()
