"""The embedded store: one SQLite file that several processes share."""

from ringfence.store.sqlite_accounts import SqliteAccounts
from ringfence.store.sqlite_applications import SqliteApplications
from ringfence.store.sqlite_call_brakes import SqliteCallBrakes
from ringfence.store.sqlite_call_steps import SqliteCallSteps
from ringfence.store.sqlite_call_work import SqliteCallWork
from ringfence.store.sqlite_calls import SqliteCalls
from ringfence.store.sqlite_clock import SqliteClock
from ringfence.store.sqlite_code_counts import SqliteCodeCounts
from ringfence.store.sqlite_day_counts import SqliteDayCounts
from ringfence.store.sqlite_enrolments import SqliteEnrolments
from ringfence.store.sqlite_factors import SqliteFactors
from ringfence.store.sqlite_fraud import SqliteFraud
from ringfence.store.sqlite_freezes import SqliteFreezes
from ringfence.store.sqlite_invitations import SqliteInvitations
from ringfence.store.sqlite_lookups import SqliteLookups
from ringfence.store.sqlite_media import SqliteMedia
from ringfence.store.sqlite_messages import SqliteMessages
from ringfence.store.sqlite_notices import SqliteNotices
from ringfence.store.sqlite_numbers import SqliteNumbers
from ringfence.store.sqlite_operations import SqliteOperations
from ringfence.store.sqlite_opt_outs import SqliteOptOuts
from ringfence.store.sqlite_oversight import SqliteOversight
from ringfence.store.sqlite_recordings import SqliteRecordings
from ringfence.store.sqlite_retained import SqliteRetained
from ringfence.store.sqlite_services import SqliteServices
from ringfence.store.sqlite_sign_ins import SqliteSignIns
from ringfence.store.sqlite_sip_access import SqliteSipAccess
from ringfence.store.sqlite_standing import SqliteStanding
from ringfence.store.sqlite_tellings import SqliteTellings
from ringfence.store.sqlite_verifications import SqliteVerifications
from ringfence.store.sqlite_verify_config import SqliteVerifyConfig
from ringfence.store.sqlite_verify_rates import SqliteVerifyRates


class SqliteStore(
    SqliteMessages,
    SqliteMedia,
    SqliteOptOuts,
    SqliteAccounts,
    SqliteNumbers,
    SqliteServices,
    SqliteApplications,
    SqliteCalls,
    SqliteCallWork,
    SqliteCallSteps,
    SqliteRecordings,
    SqliteSipAccess,
    SqliteVerifyConfig,
    SqliteFraud,
    SqliteFreezes,
    SqliteInvitations,
    SqliteOperations,
    SqliteVerifyRates,
    SqliteSignIns,
    SqliteVerifications,
    SqliteFactors,
    SqliteEnrolments,
    SqliteTellings,
    SqliteNotices,
    SqliteCallBrakes,
    SqliteLookups,
    SqliteStanding,
    SqliteClock,
    SqliteOversight,
    SqliteDayCounts,
    SqliteCodeCounts,
    SqliteRetained,
):
    """`ports.store.Store` in a file of mode 0600. An awaited write is on disk; reads see what is committed.

    `open` raises the errors of `schema.steps`. Use it from one event loop.
    """
