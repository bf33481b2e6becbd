"""Texts to a number that refers to an application are told where the application says."""

from ringfence.domain.standing import ApplicationConfig, application_record, encode_application_config
from ringfence.ports.applications import ApplicationRow

from .conftest import ACCOUNT, Installation, Program

SID = "AP" + "1" * 32


async def application(installation: Installation, **config: str) -> None:
    value = encode_application_config(ApplicationConfig(**config))
    await installation.store.create_application(
        ApplicationRow(
            account=ACCOUNT,
            sid=SID,
            friendly_name="Shop",
            standing=installation.keys.seal_standing(ACCOUNT, application_record(SID), value),
            created_ms=0,
            updated_ms=0,
        )
    )


def test_the_application_says_where_a_text_is_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.url("number"), sms_application_sid=SID)
        await application(installation, sms_url=program.answer("application", "<Response/>"), sms_method="GET")
        await installation.inbound("hello")
        assert (await installation.attempt()).state == "done"
        (seen,) = program.seen
        assert (seen.method, seen.path, seen.valid_raw) == ("GET", "application", True)

    run(scenario())


def test_an_application_without_a_url_leaves_the_text_untold(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.url("number"), sms_application_sid=SID)
        await application(installation, voice_url=program.url("voice"))
        await installation.inbound("hello")
        assert (await installation.attempt()).state == "done"
        assert program.seen == []

    run(scenario())


def test_where_the_application_is_gone_the_number_says(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("number", "<Response/>"), sms_application_sid=SID)
        await installation.inbound("hello")
        assert (await installation.attempt()).state == "done"
        assert program.paths() == ["number"]

    run(scenario())
