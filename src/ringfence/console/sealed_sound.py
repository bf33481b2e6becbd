"""A recording's file as a browser gets it: sealed, for the key origin's frame to open."""

from starlette.responses import Response, StreamingResponse

from ringfence.console.refusals import RefusedError
from ringfence.ports.calls import RecordingRow
from ringfence.ports.recordings import RecordingGoneError, SealedRecordings


async def sealed_sound(files: SealedRecordings, row: RecordingRow) -> Response:
    """The file, a piece at a time. RefusedError with 404 where there is none."""
    try:
        pieces = await files.sealed(row.account, row.sid)
    except RecordingGoneError:
        raise RefusedError("The file of this recording is not here.", status=404) from None
    return StreamingResponse(pieces, media_type="application/octet-stream")
