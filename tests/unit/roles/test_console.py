"""The consoles' process: whose authenticators staff may enrol, where browsers find it, and who answers."""

import asyncio
import socket
from pathlib import Path

import pytest

from ringfence.ipc.server import serve
from ringfence.roles.console import attestation_policy
from ringfence.roles.listeners import bind, bind_near
from ringfence.roles.process_states import SocketStates
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import load_settings
from software_authenticator import Maker

MODEL = bytes(range(16))
MODEL_UUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"


def test_in_dev_anybodys_authenticators_are_taken_and_in_production_makers_must_be_named(tmp_path: Path) -> None:
    assert attestation_policy(Settings()).roots == ()
    with pytest.raises(RefusalError, match="staff_roots: needed in production"):
        attestation_policy(Settings(mode="production"))
    pem = tmp_path / "makers.pem"
    pem.write_bytes(Maker(MODEL).root + Maker(MODEL).root)
    policy = attestation_policy(Settings(staff_roots=str(pem), staff_models=(MODEL_UUID.upper(),)))
    assert (len(policy.roots), policy.aaguids) == (2, {MODEL_UUID})


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_file_without_certificates_is_refused(tmp_path: Path, content: bytes | None) -> None:
    pem = tmp_path / "makers.pem"
    if content is not None:
        pem.write_bytes(content)
    with pytest.raises(RefusalError, match="no PEM file of certificates"):
        attestation_policy(Settings(staff_roots=str(pem)))


def test_models_without_makers_are_refused() -> None:
    with pytest.raises(RefusalError, match="claims without staff_roots"):
        load_settings(environment={}, staff_models=[MODEL_UUID])


@pytest.mark.parametrize(
    "url", ["operator.example.com", "https://operator.example.com/x", "http://operator.example.com", "https://10.0.0.1"]
)
def test_an_address_that_is_no_origin_of_passkeys_is_refused(url: str) -> None:
    with pytest.raises(RefusalError, match=r"operator_url: .* is no origin"):
        load_settings(environment={}, operator_url=url)


def test_each_origin_has_a_host_of_its_own() -> None:
    with pytest.raises(RefusalError, match="share a host"):
        load_settings(environment={}, operator_url="https://a.example", keys_url="https://a.example:8443")
    settings = load_settings(environment={}, operator_url="https://operator.example/", console_port=9)
    assert settings.operator_origin == "https://operator.example"
    assert settings.tenant_origin == "http://console.localhost:9"


def test_a_console_takes_a_free_port_where_its_own_is_busy() -> None:
    (busy,) = bind(["127.0.0.1"], 0)
    port = busy.getsockname()[1]
    (near,) = bind_near(["127.0.0.1"], port)
    assert near.getsockname()[1] not in (0, port)
    for listener in (busy, near):
        listener.close()


def test_a_process_answers_where_somebody_listens_at_its_socket(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    make_private(settings.run_dir)

    async def story() -> None:
        served = await serve(settings.socket("kms-console"), {})
        # What a process that was killed left behind.
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(settings.socket("live-dispatcher")))
        left.close()
        try:
            found = {state.name: state.answers for state in await SocketStates(settings)()}
        finally:
            await served.close()
        assert found["kms"] is True
        assert (found["dispatcher"], found["api"], found["simulator"]) == (False, False, False)

    asyncio.run(story())
