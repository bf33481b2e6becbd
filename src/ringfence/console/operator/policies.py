"""What staff may do, by policies in Cedar: what none of them permits is refused, and what one forbids is too.

Why: docs/why/policies.md.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from ringfence.console.operator import staff_rows
from ringfence.console.operator.act_names import Act, AskedAct, May
from ringfence.console.operator.policy_files import Mistake, PolicyError, Statement
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.access.staff_role import StaffRole
from ringfence.domain.sid import is_sid
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import StoreFailedError

if TYPE_CHECKING:
    import cedarpy

LOOKS: Final = ("look", "list")
HERE: Final = "here"
_CONTEXT: Final = "{ fresh: Bool, persons: Long, hour: Long, weekday: Long }"
COUNTRIES: Final = ".countries"
_COUNTRY = re.compile(r'"([A-Z]{2})"')
_NUMBERED = re.compile(r"policy(\d+)")
_TOKEN_NAMED = re.compile(r"`([^`]+)`")

_log = structlog.get_logger(__name__)


class NoPoliciesError(Exception):
    """cedarpy is not installed: no policy can be read."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an act is permitted, and the policies that decided; none where no policy permits it.

    `broken` names those that could not be computed: what they might forbid is refused.
    """

    permitted: bool
    by: Sequence[Statement]
    broken: Sequence[str] = ()


def schema(*, known: bool = True) -> str:
    """What policies may name, in Cedar's own form: roles, acts, what an act is of, and what is known as it is asked.

    Statements are checked as if an account's countries were always known. Where they are not (`known` is false), one
    that asks for them cannot be computed, and its act is refused.
    """
    roles = ", ".join(f'"{role.value}"' for role in StaffRole)
    lines = [
        f"entity Role enum [{roles}];",
        "entity Staff in [Role];",
        "// A tenant, or a subaccount within one.",
        '// countries: of the numbers that it owns itself (ISO 3166), such as ["DE"]. Whoever owns none has none.',
        f"entity Account in [Account] = {{ countries{'' if known else '?'}: Set<String> }};",
        f'entity Installation enum ["{HERE}"];',
        "// fresh: the passkey was shown within five minutes. persons: 2 where one asked and this one confirms.",
        "// hour: 0 to 23, UTC. weekday: 1 is Monday.",
        f"type Asked = {_CONTEXT};",
        'action "look", "change";',
    ]
    for act in Act:
        lines.append(
            f'action "{act.value}" in ["{_kind(act)}"] appliesTo '
            "{ principal: [Staff], resource: [Account, Installation], context: Asked };"
        )
    return "\n".join(lines) + "\n"


class Policies:
    """Statements that fit the schema. PolicyError for others, NoPoliciesError without cedarpy."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._cedar = _cedar()
        self._statements = statements
        mistakes = [mistake for each in statements for mistake in self._mistakes(each)]
        if not statements:
            mistakes = [Mistake(file="policies", line=0, why="there are none: nobody could do anything")]
        if mistakes:
            raise PolicyError(mistakes)
        self._policies = self._cedar.PolicySet.from_str("\n".join(each.text for each in statements))
        self._schema = self._cedar.Schema.from_str(schema(known=False))

    @property
    def by_time(self) -> bool:
        """Whether one of them asks what time it is."""
        return any("context.hour" in each.text or "context.weekday" in each.text for each in self._statements)

    @property
    def by_country(self) -> bool:
        """Whether one of them asks for an account's countries."""
        return any(COUNTRIES in each.text for each in self._statements)

    @property
    def named_countries(self) -> Sequence[str]:
        """The countries that those name which ask for them."""
        found = [_COUNTRY.findall(each.text) for each in self._statements if COUNTRIES in each.text]
        return sorted({country for some in found for country in some})

    def judge(
        self, asked: AskedAct, roles: Sequence[StaffRole], parent: str = "", countries: Sequence[str] = ()
    ) -> Judgement:
        """Of an act by whoever is for `roles`; `parent` is the account's, "" for none, and so are `countries`."""
        return self.judge_all([asked], roles, parent, countries)[0]

    def judge_all(
        self, asked: Sequence[AskedAct], roles: Sequence[StaffRole], parent: str = "", countries: Sequence[str] = ()
    ) -> list[Judgement]:
        """As `judge`, of acts of one person."""
        people = {each.staff for each in asked}
        entities = [_entity("Staff", person, [("Role", role.value) for role in roles]) for person in people]
        for account in {each.account for each in asked if each.account}:
            above = [("Account", parent)] if parent else []
            known = {"countries": list(countries)} if countries else {}
            entities.append(_entity("Account", account, above, known))
        answers = self._cedar.is_authorized_batch(
            [_request(each) for each in asked], self._policies, entities, self._schema
        )
        return [self._judgement(each) for each in answers]

    def _judgement(self, answer: "cedarpy.AuthzResult") -> Judgement:
        said = answer.diagnostics
        by = [self._statements[int(number[1])] for each in said.reasons if (number := _NUMBERED.fullmatch(each))]
        # A policy that cannot be computed counts as absent to Cedar, one that forbids too.
        return Judgement(permitted=answer.allowed and not said.errors, by=by, broken=said.errors)

    def _mistakes(self, statement: Statement) -> list[Mistake]:
        found: dict[str, Mistake] = {}
        for error in self._cedar.validate_policies(statement.text, schema()).errors:
            why = error.error.removeprefix("for policy `policy0`").lstrip(":, ")
            token = _TOKEN_NAMED.search(why)
            line = statement.line_of(token[1]) if token else statement.line
            found[why] = Mistake(file=statement.file, line=line, why=why)
        if not found and self._cedar.PolicySet.from_str(statement.text).templates():
            return [
                Mistake(file=statement.file, line=statement.line, why="a template permits nothing: name whom or what")
            ]
        return list(found.values())


def may_by(policies: Policies, storage: ConsoleStorage, view: OperatorView) -> May:
    """Asks the policies about each act, for the roles that its person has at that moment."""

    async def may(asked: AskedAct) -> None:
        member = await storage.run(lambda db: staff_rows.member_of(db, asked.staff))
        roles = () if member is None or member.removed_ms is not None else member.roles
        try:
            account = await view.account(asked.account) if is_sid(asked.account, "AC") else None
            asks = account is not None and policies.by_country
            countries = await view.number_regions(asked.account) if asks else []
        except StoreFailedError as error:
            raise ConnectionError("whose account it is cannot be read now") from error
        parent = "" if account is None else account.parent or ""
        judged = policies.judge(asked, roles, parent, countries)
        for _ in judged.broken:
            _log.error("console.policy_broken", act=asked.act.value)
        if not judged.permitted:
            _log.warning("console.policy_refused", act=asked.act.value, staff=asked.staff)
            told = ", ".join(roles) or "none"
            raise RefusedError(f"The policies do not permit that to you (your roles: {told}).", status=403)

    return may


def _request(asked: AskedAct) -> dict[str, Any]:
    at = dt.datetime.fromtimestamp(asked.at_ms / 1_000, dt.UTC)
    return {
        "principal": {"type": "Staff", "id": asked.staff},
        "action": {"type": "Action", "id": asked.act.value},
        "resource": {"type": "Account", "id": asked.account} if asked.account else {"type": "Installation", "id": HERE},
        "context": {
            "fresh": asked.is_fresh,
            "persons": asked.persons,
            "hour": at.hour,
            "weekday": at.isoweekday(),
        },
    }


def _entity(
    kind: str, name: str, parents: Sequence[tuple[str, str]], attributes: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": attributes or {},
        "parents": [{"type": of, "id": parent} for of, parent in parents],
    }


def _kind(act: Act) -> str:
    return "look" if act.value.rpartition(".")[2] in LOOKS else "change"


def _cedar() -> Any:
    try:
        import cedarpy
    except ImportError:
        raise NoPoliciesError from None
    return cedarpy
