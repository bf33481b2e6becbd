import subprocess
import sys

import phonenumbers
import pytest

from ringfence.api.v2010.countries import country_name


@pytest.mark.parametrize(
    ("code", "name"), [("US", "United States"), ("GB", "United Kingdom"), ("CI", "Côte d'Ivoire"), ("ZZ", "ZZ")]
)
def test_a_country_has_its_english_name(code: str, name: str) -> None:
    assert country_name(code) == name


def test_every_region_of_the_number_library_has_a_name() -> None:
    assert [code for code in phonenumbers.SUPPORTED_REGIONS if country_name(code) == code] == []


def test_the_api_starts_without_the_number_librarys_geographic_tables() -> None:
    script = "import sys, ringfence.api.app; sys.exit('phonenumbers.geodata' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0
