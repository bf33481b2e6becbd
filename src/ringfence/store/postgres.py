"""The store on PostgreSQL: one database that processes of several machines share."""

from ringfence.store.postgres_accounts import PostgresAccounts
from ringfence.store.postgres_applications import PostgresApplications
from ringfence.store.postgres_call_brakes import PostgresCallBrakes
from ringfence.store.postgres_call_steps import PostgresCallSteps
from ringfence.store.postgres_call_work import PostgresCallWork
from ringfence.store.postgres_calls import PostgresCalls
from ringfence.store.postgres_clock import PostgresClock
from ringfence.store.postgres_code_counts import PostgresCodeCounts
from ringfence.store.postgres_day_counts import PostgresDayCounts
from ringfence.store.postgres_enrolments import PostgresEnrolments
from ringfence.store.postgres_factors import PostgresFactors
from ringfence.store.postgres_fraud import PostgresFraud
from ringfence.store.postgres_freezes import PostgresFreezes
from ringfence.store.postgres_invitations import PostgresInvitations
from ringfence.store.postgres_lookups import PostgresLookups
from ringfence.store.postgres_media import PostgresMedia
from ringfence.store.postgres_messages import PostgresMessages
from ringfence.store.postgres_notices import PostgresNotices
from ringfence.store.postgres_numbers import PostgresNumbers
from ringfence.store.postgres_operations import PostgresOperations
from ringfence.store.postgres_opt_outs import PostgresOptOuts
from ringfence.store.postgres_oversight import PostgresOversight
from ringfence.store.postgres_recordings import PostgresRecordings
from ringfence.store.postgres_retained import PostgresRetained
from ringfence.store.postgres_services import PostgresServices
from ringfence.store.postgres_sign_ins import PostgresSignIns
from ringfence.store.postgres_sip_access import PostgresSipAccess
from ringfence.store.postgres_standing import PostgresStanding
from ringfence.store.postgres_tellings import PostgresTellings
from ringfence.store.postgres_verifications import PostgresVerifications
from ringfence.store.postgres_verify_config import PostgresVerifyConfig
from ringfence.store.postgres_verify_rates import PostgresVerifyRates


class PostgresStore(
    PostgresMessages,
    PostgresMedia,
    PostgresOptOuts,
    PostgresAccounts,
    PostgresNumbers,
    PostgresServices,
    PostgresApplications,
    PostgresCalls,
    PostgresCallWork,
    PostgresCallSteps,
    PostgresRecordings,
    PostgresSipAccess,
    PostgresVerifyConfig,
    PostgresFraud,
    PostgresFreezes,
    PostgresInvitations,
    PostgresOperations,
    PostgresVerifyRates,
    PostgresSignIns,
    PostgresVerifications,
    PostgresFactors,
    PostgresEnrolments,
    PostgresTellings,
    PostgresNotices,
    PostgresCallBrakes,
    PostgresLookups,
    PostgresStanding,
    PostgresClock,
    PostgresOversight,
    PostgresDayCounts,
    PostgresCodeCounts,
    PostgresRetained,
):
    """`ports.store.Store` in the schema `ringfence` of a database. An awaited write is on the server's disk.

    `open` raises the errors of `schema.steps`. Use it from one event loop.
    """
