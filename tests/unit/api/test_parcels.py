"""Parcels: taken once, in time, and bounded in number."""

from ringfence.api.parcels import MAX_AGE_MS, MAX_OF_TENANT, MAX_PARCELS, Parcels


def test_a_parcel_is_taken_once():
    parcels = Parcels()
    one, other = parcels.leave("AC1", "sealed", 0), parcels.leave("AC1", "other", 0)
    assert len(one) == 32
    assert parcels.take(one, MAX_AGE_MS - 1) == "sealed"
    assert parcels.take(one, 0) is None
    assert parcels.take(other, 0) == "other"


def test_a_parcel_is_too_old_after_ten_minutes():
    parcels = Parcels()
    one = parcels.leave("AC1", "sealed", 5)
    assert parcels.take(one, 5 + MAX_AGE_MS) is None
    assert parcels.take(one, 5) is None


def test_a_tenant_has_few_and_the_oldest_goes_first():
    parcels = Parcels()
    foreign = parcels.leave("AC2", "foreign", 0)
    left = [parcels.leave("AC1", str(place), 0) for place in range(MAX_OF_TENANT + 1)]
    assert parcels.take(left[0], 0) is None
    assert [parcels.take(each, 0) for each in left[1:]] == [str(place) for place in range(1, MAX_OF_TENANT + 1)]
    assert parcels.take(foreign, 0) == "foreign"


def test_all_together_are_bounded():
    parcels = Parcels()
    left = [parcels.leave(f"AC{place}", "sealed", 0) for place in range(MAX_PARCELS + 1)]
    assert parcels.take(left[0], 0) is None
    assert parcels.take(left[1], 0) == "sealed"


def test_nothing_of_them_shows():
    parcels = Parcels()
    parcels.leave("AC1", "sealed", 0)
    assert repr(parcels) == "Parcels(1)"
