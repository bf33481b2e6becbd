"""The bundle's slots of both kinds: which of a secret's two pairs opens what, and which content keys are none."""

import os

from tests.unit.key_origin.bundle_modules import evaluated

from ringfence.domain.sealing.slots import ContentKey, box_bytes, slot_public, slot_seed

AC, SK = "AC" + "a" * 32, "SK" + "b" * 32


def test_each_kind_opens_by_its_own_pair_of_the_same_secret_and_nothing_by_the_other() -> None:
    seed = slot_seed("secret", SK)
    publics = [slot_public(seed, hybrid=hybrid) for hybrid in (False, True)]
    keys = [ContentKey.new(AC, number, hybrid=hybrid) for number, hybrid in enumerate((False, True))]
    boxes = [(key.generation, key.seal_to_slot(public, SK)) for key, public in zip(keys, publics, strict=True)]
    assert [len(box) for _, box in boxes] == [box_bytes(public) for public in publics]
    body = """
        const slot = await slots.slotOf("secret", given.credential);
        const opened = (boxes) => slots.openContentKeys(slot, given.account, given.credential, boxes);
        const boxes = given.boxes.map(([generation, box]) => [generation, bytes(box)]);
        const found = (await Promise.all(boxes.map((box) => opened([box])))).flat();
        const pairs = await Promise.all(found.map((key) => slots.contentPair(key.bytes)));
        const longer = new Uint8Array(boxes[1][1].length);
        longer.set(boxes[0][1]);
        const crossed = [[0, boxes[1][1].subarray(0, boxes[0][1].length)], [1, longer]];
        return [
            [slot.classical, slot.hybrid, ...pairs].map((pair) => hex(pair.publicBytes)),
            pairs.map((pair) => hex(slots.pairFor(slot, pair).publicBytes)),
            (await opened(crossed)).length,
        ];
    """
    given, matching, crossed = evaluated(body, "slots", account=AC, credential=SK, boxes=boxes)
    assert given == [public.hex() for public in (*publics, *(key.public for key in keys))]
    assert (matching, crossed) == ([public.hex() for public in publics], 0)


def test_what_is_no_content_key_is_none() -> None:
    key = os.urandom(32)
    wrong = [key[:31], key + b"\0", key + b"\2", key + b"\1\1", b""]
    body = """
        const refused = given.wrong.map((each) => refusal(() => slots.contentPair(bytes(each))));
        const pair = await slots.contentPair(bytes(given.right));
        return [(await Promise.all(refused)), hex(pair.publicBytes)];
    """
    refused, public = evaluated(body, "slots", wrong=wrong, right=key + b"\1")
    assert refused == ["key"] * len(wrong)
    assert public == ContentKey(AC, 0, key, hybrid=True).public.hex()


def test_keys_of_both_kinds_are_of_no_account() -> None:
    """Whoever knows a slot's public half, as the console that carried it does, seals keys of their own to it."""
    public = slot_public(slot_seed("secret", SK), hybrid=True)
    boxes = [
        (number, ContentKey.new(AC, number, hybrid=hybrid).seal_to_slot(public, SK))
        for number, hybrid in enumerate((True, True, False))
    ]
    body = """
        const slot = await slots.slotOf("secret", given.credential);
        const opened = (boxes) => slots.openContentKeys(slot, given.account, given.credential, boxes);
        const boxes = given.boxes.map(([generation, box]) => [generation, bytes(box)]);
        return [(await opened(boxes.slice(0, 2))).length, await refusal(() => opened(boxes))];
    """
    assert evaluated(body, "slots", account=AC, credential=SK, boxes=boxes) == [2, "kind"]


def test_a_hybrid_key_is_not_sealed_by_x25519_alone() -> None:
    key = os.urandom(32)
    body = """
        const keys = [{ generation: 0, bytes: bytes(given.hybrid) }, { generation: 1, bytes: bytes(given.classical) }];
        const slot = await slots.slotOf("secret", given.name);
        const sealed = ({ publicBytes }, which) =>
            refusal(async () => (await slots.sealContentKeys(which, given.account, given.name, publicBytes)).length);
        return [
            await sealed(slot.classical, keys),
            await sealed(slot.hybrid, keys.slice(0, 1)),
            await sealed(slot.classical, keys.slice(1)),
        ];
    """
    sealed = evaluated(body, "slots", account=AC, name=SK, hybrid=key + b"\1", classical=key)
    assert sealed == ["kind", [1], [1]]
