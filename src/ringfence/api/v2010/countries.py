"""Names of countries by ISO 3166 code, out of the number library's own tables."""

from phonenumbers.geodata.locale import LOCALE_DATA


def country_name(code: str) -> str:
    """The English name, or the code itself for what has none."""
    names = LOCALE_DATA.get(code, {})
    name = names.get("en", code)
    # A name that equals another language's is written as a reference to it: "*aa".
    return str(names.get(name[1:], code) if name.startswith("*") else name)
