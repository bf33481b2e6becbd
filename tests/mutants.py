"""Which changes of one module no test notices: mutmut on a copy of the tree, and what of its mutants lived.

python tests/mutants.py src/ringfence/carriers/sip/digest.py tests/unit/carriers/sip/test_digest.py [...]

The copy lies in `mutants/`, with the state of its run: the same call goes on where it was stopped. A mutant that no
test reaches counts as one that lived; those that were stopped for want of time count as killed. SQL in
capitals is the same as SQL in small letters: such a change is none, and is not counted.
"""

import ast
import collections
import difflib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "mutants"
KILLED, SURVIVED, UNREACHED = {1, 3}, {0}, {5, 33}
UNCHECKED = {None, 2}
SQL = re.compile(
    r'"\s*(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|ORDER BY|AND|VALUES|UNION|JOIN|LIMIT|ON CONFLICT'
    r"|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b"
)


def copied(module: str, tests: list[str]) -> Path:
    """The tree with a configuration of its own, in a folder of the module's name."""
    place = FOLDER / Path(module).with_suffix("").as_posix().replace("/", ".")
    for name in ("src", "tests"):
        shutil.copytree(
            ROOT / name, place / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    configuration = (
        f"[tool.mutmut]\nsource_paths = {json.dumps([module])}\n"
        f'pytest_add_cli_args_test_selection = {json.dumps(tests)}\nalso_copy = ["src", "tests"]\n'
    )
    (place / "pyproject.toml").write_text(f"{(ROOT / 'pyproject.toml').read_text()}\n{configuration}")
    return place


def functions_of(source: str) -> dict[str, list[str]]:
    """The lines of every function, without its name: the mutants of one stand beside it."""
    lines = source.splitlines()
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name: lines[node.lineno : node.end_lineno] for node in nodes}


def change_of(functions: dict[str, list[str]], mutant: str) -> list[str]:
    """The lines that a mutant takes away and puts in, with their sign."""
    name = mutant.rpartition(".")[2]
    before = functions[f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"]
    shown = difflib.unified_diff(before, functions[name], n=0, lineterm="")
    return [line for line in shown if line[:1] in "+-" and line[:4] not in ("+++ ", "--- ")]


def is_same_sql(lines: list[str]) -> bool:
    """Whether nothing changed but the case of letters, in a line that holds SQL."""
    before, after = ([line[1:] for line in lines if line[0] == sign] for sign in "-+")
    is_sql = any(SQL.search(line) for line in before)
    return is_sql and [line.lower() for line in before] == [line.lower() for line in after]


def main() -> None:
    module, *tests = sys.argv[1:]
    if not tests:
        sys.exit(__doc__)
    place = copied(module, tests)
    subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    (meta,) = (place / "mutants").rglob(f"{Path(module).name}.meta")
    codes = json.loads(meta.read_text())["exit_code_by_key"]
    lived = sorted(name for name, code in codes.items() if code in SURVIVED | UNREACHED)
    functions = functions_of((place / "mutants" / module).read_text())
    changes = {name: change_of(functions, name) for name in lived}
    same = {name for name, lines in changes.items() if is_same_sql(lines)}
    for name in lived:
        if name not in same:
            print(name, *changes[name], sep="\n")
    checked = [code for name, code in codes.items() if code not in UNCHECKED and name not in same]
    counts = collections.Counter(
        "killed"
        if code in KILLED
        else "survived"
        if code in SURVIVED
        else "unreached"
        if code in UNREACHED
        else "stopped"
        for code in checked
    )
    killed = len(checked) - len(lived) + len(same)
    print(f"{module}: {killed} of {len(checked)} killed ({100 * killed / max(len(checked), 1):.0f} %), {dict(counts)}")


if __name__ == "__main__":
    main()
