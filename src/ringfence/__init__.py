"""ringfence: a calling and texting platform whose operator cannot read what it carries."""

__version__ = "0.1.0"


def use(
    *, data: str | None = None, port: int | None = None, sms_url: str | None = None, voice_url: str | None = None
) -> None:
    """Lead what this process sends to twilio.com to the running installation, until it ends. Again is a no-op.

    For a Python program in development: one line before its first request, in place of `ringfence run`. `data` is the
    installation's folder and `port` its public port; without them it is the one that is up. Texts to the program's
    numbers go to `sms_url`; `voice_url` is kept on them for when calls exist. Raises
    ringfence.roles.refusal.RefusalError, with cause and cure, where it cannot be.
    """
    from ringfence.cli.use import use as begin

    begin(data=data, port=port, sms_url=sms_url, voice_url=voice_url)
