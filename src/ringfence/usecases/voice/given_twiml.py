"""A document that comes with a request rather than from a URL: what no call could run is refused at once.

Source: Twilio, "Call resource", parameter Twiml; errors 12100 and 12102.
"""

from ringfence.domain.errors import ApiError, describe
from ringfence.domain.twiml.document import TwimlError
from ringfence.domain.twiml.parser import parse

MAX_CHARACTERS = 4_000


def check_given(twiml: str) -> None:
    """ApiError 20001 for one that is too long; 12100 and 12102, with line and column, for one that is no TwiML.

    What is merely unknown in it is warned of in the call's timeline, as with a document from a URL.
    """
    if len(twiml) > MAX_CHARACTERS:
        raise ApiError(20001, f"Twiml may hold at most {MAX_CHARACTERS:,} characters.")
    try:
        parse(twiml)
    except TwimlError as error:
        place = f"line {error.line}, column {error.column}: {error.message}"
        raise ApiError(error.code, f"{describe(error.code)}: Twiml, {place}") from None
