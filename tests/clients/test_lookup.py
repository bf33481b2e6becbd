"""`ringfence lookup`: what a number is, from the command line."""

import json
import subprocess
import sys
from typing import Any

from ringfence.carriers.simulator.python_api import Simulator

PHONE = "+12025550161"


def ask(installation: Any, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ringfence", "lookup", *arguments]
    where = ["--data", str(installation.data), "--port", str(installation.port)]
    return subprocess.run([*command, *where], env=installation.environment, capture_output=True, text=True, timeout=60)


def told(installation: Any, *arguments: str) -> dict[str, Any]:
    asked = ask(installation, *arguments, "--output", "json")
    assert asked.returncode == 0, asked.stderr
    return {row["name"]: row["value"] for row in json.loads(asked.stdout)}


def test_a_phone_is_told_with_what_the_simulator_knows_of_it(installation: Any) -> None:
    phone = Simulator(installation.base_url).add_handset(PHONE, "Sam Rivera")
    phone.subscriber(calls_forwarded=True)
    found = told(installation, "(202) 555-0161")
    assert (found["phone_number"], found["country_code"], found["valid"]) == (PHONE, "US", "true")
    assert found["caller_name.caller_name"] == "Sam Rivera"
    assert found["call_forwarding.call_forwarding_enabled"] == "true"
    assert found["sim_swap.last_sim_swap.swapped_in_period"] == "false"
    assert not {"url", "identity_match", "reassigned_number"} & found.keys()
    phone.remove()


def test_one_field_of_a_national_number_is_told(installation: Any) -> None:
    found = told(installation, "020 7946 0000", "--country", "gb", "--field", "line_type_intelligence")
    assert found["line_type_intelligence.type"] == "landline"
    assert not any(name.startswith("caller_name") for name in found)


def test_what_is_no_number_is_told_as_such(installation: Any) -> None:
    asked = ask(installation, "+1415")
    assert asked.returncode == 0, asked.stderr
    assert "TOO_SHORT" in asked.stdout


def test_wrong_usage_names_the_cure(installation: Any) -> None:
    for arguments in ([PHONE, "--field", "shoe_size"], [PHONE, "--country", "ZZ"]):
        asked = ask(installation, *arguments)
        assert asked.returncode == 2
        assert "give " in asked.stderr
