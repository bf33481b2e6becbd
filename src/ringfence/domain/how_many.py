"""So many of a thing, in words."""


def how_many(count: int, one: str, many: str = "", form: str = "") -> str:
    """`1 entry`, `2 entries`; `many` is for what English makes otherwise.

    `form` is how the number is written, as `,` for thousands.
    """
    return f"{count:{form}} {one if count == 1 else many or _many(one)}"


def _many(one: str) -> str:
    if one.endswith("y") and one[-2:-1] not in "aeiou":
        return f"{one[:-1]}ies"
    return f"{one}es" if one.endswith("s") else f"{one}s"
