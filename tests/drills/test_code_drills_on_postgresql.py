"""The drills of Verify with the store on PostgreSQL: what one transaction holds together there holds too."""

from collections.abc import Callable

import pytest

from ringfence.drills.code_guessing import code_guessing
from ringfence.drills.code_reuse import code_reuse
from ringfence.drills.design import OURS
from ringfence.drills.enumeration import enumeration
from ringfence.drills.factor_adding import factor_adding
from ringfence.drills.pumping import FRAUD_MAX_A_RANGE, pumping
from ringfence.drills.report import Finding
from ringfence.testing.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.long]


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d19_pumped_ranges_get_hardly_a_code(postgres_server: PostgresServer) -> None:
    ours = pumping(OURS, 2, postgres_server.url("postgres"), starts=60, people=30)
    assert ours.reached == 0, ours.rows
    texts = int(figure(ours, "texts to the ranges that are pumped").partition(" ")[0])
    assert 0 < texts <= 2 * FRAUD_MAX_A_RANGE
    assert figure(ours, "people refused") == "0 of 60"


def test_d21_of_a_thousand_guesses_five_are_compared(postgres_server: PostgresServer) -> None:
    ours = code_guessing(OURS, 2, postgres_server.url("postgres"))
    assert ours.reached == 0
    assert figure(ours, "guesses compared of one code, at most") == "5"
    assert figure(ours, "codes sent of one verification, at most") == "5"


@pytest.mark.parametrize("drill", [code_reuse, enumeration, factor_adding])
def test_the_others_reach_nobody(drill: Callable[..., Finding], postgres_server: PostgresServer) -> None:
    ours = drill(OURS, 3, postgres_server.url("postgres"))
    assert ours.reached == 0, ours.rows
