"""Overrides and rate rules of lookups, as every store keeps them."""

import asyncio

from msgspec.structs import replace

from ringfence.ports.lookups import LookupUse, OverrideRow, RateRule

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
ROW = OverrideRow(
    account=A,
    tag=b"one",
    line_type="mobile",
    original_type="landline",
    standing=b"sealed",
    created_ms=NOW,
    updated_ms=NOW,
)
RULE = RateRule(account=A, field="sim_swap", bucket="all", limit=2, ttl_s=60, created_ms=NOW, updated_ms=NOW)


async def test_an_override_is_made_once(store):
    assert await store.override(A, b"one") is None
    assert await store.put_override(ROW, new=True) is True
    assert await store.put_override(replace(ROW, line_type="pager"), new=True) is False
    assert await store.override(A, b"one") == ROW
    assert await store.override(B, b"one") is None
    assert await store.override(A, b"two") is None


async def test_an_override_is_changed_but_for_what_it_was_made_with(store):
    changed = replace(
        ROW, line_type="pager", original_type="uan", standing=b"anew", created_ms=NOW + 1, updated_ms=NOW + 2
    )
    assert await store.put_override(changed, new=False) is False
    await store.put_override(ROW, new=True)
    assert await store.put_override(replace(changed, account=B), new=False) is False
    assert await store.put_override(changed, new=False) is True
    assert await store.override(A, b"one") == replace(ROW, line_type="pager", standing=b"anew", updated_ms=NOW + 2)


async def test_an_override_is_erased(store):
    await store.put_override(ROW, new=True)
    assert await store.delete_override(B, b"one") is False
    assert await store.delete_override(A, b"two") is False
    assert await store.delete_override(A, b"one") is True
    assert await store.delete_override(A, b"one") is False
    assert await store.override(A, b"one") is None


async def test_rules_are_listed_by_field_and_bucket_and_replaced(store):
    rules = [replace(RULE, field=field, bucket=bucket) for field, bucket in (("b", "b"), ("b", "a"), ("a", "z"))]
    for rule in rules:
        await store.put_rate_rule(rule)
    await store.put_rate_rule(replace(RULE, account=B))
    assert await store.rate_rules(A) == [rules[2], rules[1], rules[0]]
    await store.put_rate_rule(replace(rules[0], limit=9, ttl_s=8, created_ms=NOW + 7, updated_ms=NOW + 6))
    assert (await store.rate_rules(A))[2] == replace(rules[0], limit=9, ttl_s=8, updated_ms=NOW + 6)
    assert await store.delete_rate_rule(A, "b", "z") is False
    assert await store.delete_rate_rule(A, "b", "a") is True
    assert await store.rate_rules(A) == [rules[2], (await store.rate_rules(A))[1]]
    assert await store.rate_rules(B) == [replace(RULE, account=B)]


async def test_uses_are_counted_until_the_span_is_over(store):
    use = LookupUse(RULE)
    assert await store.use_lookup(A, [use, use, use], NOW) == [True, True, False]
    assert await store.use_lookup(A, [use], NOW + 59_999) == [False]
    assert await store.use_lookup(A, [use, use], NOW + 60_000) == [True, True]
    assert await store.use_lookup(A, [use], NOW + 60_000) == [False]
    assert await store.use_lookup(A, [use], NOW + 120_000) == [True]


async def test_uses_are_counted_apart(store):
    others = [
        LookupUse(replace(RULE, field="caller_name")),
        LookupUse(replace(RULE, bucket="other")),
        LookupUse(RULE, b"number"),
    ]
    full = LookupUse(replace(RULE, limit=1))
    assert await store.use_lookup(A, [full, full, *others], NOW) == [True, False, True, True, True]
    assert await store.use_lookup(B, [full], NOW) == [True]


async def test_a_rule_of_none_lets_nothing_through_and_a_wider_one_goes_on_counting(store):
    assert await store.use_lookup(A, [LookupUse(replace(RULE, limit=0))], NOW) == [False]
    uses = [LookupUse(replace(RULE, limit=limit)) for limit in (1, 1, 2, 2)]
    assert await store.use_lookup(A, uses, NOW) == [True, False, True, False]


async def test_a_rule_that_is_made_again_counts_from_the_beginning(store):
    full = LookupUse(replace(RULE, limit=1))
    await store.put_rate_rule(full.rule)
    await store.use_lookup(A, [full], NOW)
    await store.delete_rate_rule(A, "sim_swap", "all")
    assert await store.use_lookup(A, [full], NOW) == [True]


async def test_uses_at_once_do_not_exceed_their_rule(store):
    ends = await asyncio.gather(*(store.use_lookup(A, [LookupUse(RULE)], NOW) for _ in range(20)))
    assert sum(end for (end,) in ends) == 2
