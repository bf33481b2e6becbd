"""The numbers a dev installation can sell and texts with. All lie in ranges set aside for fiction.

Sources: NANPA, "555 line numbers" (555-0100 to 555-0199); Ofcom, "Telephone numbers for drama use";
Bundesnetzagentur, "Rufnummern für fiktive Zwecke". Germany sets aside no toll-free range, so none is in stock.
"""

from ringfence.ports.store import StockRow

BUSINESS_NUMBER = "+12025550123"
CUSTOMER_NUMBER = "+12025550177"
CHECK_NUMBER = "+12025550199"
BUSINESS_NAME = "Fade & Co barbers"
# The customer's own handset, and one for the self-check, are nobody's to buy.
_NOT_FOR_SALE = frozenset({CUSTOMER_NUMBER, CHECK_NUMBER})
_US_AREAS = {
    "202": ("Washington", "DC", "20001"),
    "212": ("New York", "NY", "10001"),
    "310": ("Los Angeles", "CA", "90001"),
    "312": ("Chicago", "IL", "60601"),
    "415": ("San Francisco", "CA", "94103"),
    "512": ("Austin", "TX", "73301"),
}


def dev_stock() -> list[StockRow]:
    """The inventory of a dev installation, the same every time."""
    rows = [
        StockRow(
            number=f"+1{area}55501{line:02}", region="US", kind="local", locality=city, area=state, postal_code=code
        )
        for area, (city, state, code) in _US_AREAS.items()
        for line in range(20, 100)
    ]
    rows += _run("US", "tollfree", "+18005550", 100, 200)
    rows += _run("GB", "local", "+442079460", 0, 100, locality="London", area="ENG")
    rows += _run("GB", "mobile", "+447700900", 0, 100)
    rows += _run("GB", "tollfree", "+448081570", 0, 100)
    rows += _run("DE", "local", "+493023125", 0, 100, locality="Berlin", area="BE")
    rows += _run("DE", "mobile", "+491713920", 0, 100, digits=3)
    return [row for row in rows if row.number not in _NOT_FOR_SALE]


def _run(
    region: str, kind: str, prefix: str, first: int, end: int, *, digits: int = 3, locality: str = "", area: str = ""
) -> list[StockRow]:
    return [
        StockRow(number=f"{prefix}{line:0{digits}}", region=region, kind=kind, locality=locality, area=area)
        for line in range(first, end)
    ]
