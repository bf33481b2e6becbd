"""The list of operations as the documentation prints it: `python -m ringfence.api.compatibility FILE` rewrites it."""

import sys
from collections import defaultdict
from pathlib import Path

from ringfence.api.app import operations
from ringfence.api.operations import LISTED, PREFERENCE

BEGIN = "<!-- operations: begin -->"
END = "<!-- operations: end -->"
_TIERS = {
    1: "What nearly every program calls",
    2: "The rest of calling, texting and verification",
    3: "Later",
}


def operations_markdown() -> str:
    """Tables by tier and product: a path's methods that work, and those that answer 501."""
    finished = {(operation.product, operation.method, operation.path) for operation in operations()}
    rows: dict[tuple[int, str, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for product, method, path, tier in LISTED:
        done, later = rows[tier, product, path]
        (done if (product, method, path) in finished else later).append(method)
    lines = [f"{len(finished)} of {len(LISTED)} operations are finished.", ""]
    for tier, title in _TIERS.items():
        lines += [f"### {title}", "", "| Product | Path | Works | Answers 501 |", "|---|---|---|---|"]
        for (_, product, path), (done, later) in sorted(
            (row for row in rows.items() if row[0][0] == tier),
            key=lambda row: (PREFERENCE.index(row[0][1]), row[0][2]),
        ):
            lines.append(f"| {product} | `{path}` | {', '.join(done)} | {', '.join(later)} |")
        lines.append("")
    return "\n".join(lines)


def rewritten(page: str) -> str:
    """The page with its list of operations brought up to date."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    return f"{head}{begin}\n{operations_markdown()}{end}{tail}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(rewritten(file.read_text("utf-8")), "utf-8")
