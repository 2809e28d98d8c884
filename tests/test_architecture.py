"""The house rules that a machine can check: who imports whom, what is documented, how long it is, what is committed."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = "assignstudy"

ROOMS_IN_ORDER = (
    ("types", "errors", "resources", "untrusted"),
    ("geometry", "settings"),
    ("datasets",),
    ("transforms",),
    ("assign",),
    ("fitting",),
    ("losses",),
    ("models",),
    ("statistics",),
    ("objective",),
    ("figures",),
    ("report",),
    ("record",),
    ("stored", "tables"),
    ("results",),
    ("study",),
    ("order",),
    ("run_page",),
    ("job",),
    ("evidence",),
    ("sweep", "tracking"),
    ("compare",),
    ("cli",),
    ("show",),
    ("__main__",),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS_IN_ORDER) for room in rooms}
FACE = "__init__"  # the package's own lazy exports: may name any room, and no room may import them

LONGEST_FUNCTION = 60


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name inside the package, and its syntax tree."""

    path: str
    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.split(".")[0]

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@dataclass(frozen=True)
class Import:
    """One imported name, in full: ``from pandas import Series`` is ``pandas.Series``."""

    target: str
    node: ast.AST
    only_for_types: bool


def read_package(root: Path) -> list[Module]:
    return [_read(path, root) for path in sorted((root / PACKAGE).rglob("*.py"))]


def _read(path: Path, root: Path) -> Module:
    inside = path.relative_to(root / PACKAGE).with_suffix("")
    parts = inside.parts[:-1] if inside.name == "__init__" and len(inside.parts) > 1 else inside.parts
    return Module(path.relative_to(root).as_posix(), ".".join(parts), ast.parse(path.read_text(encoding="utf-8")))


def imports_of(module: Module) -> Iterator[Import]:
    typing_only = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(module.tree):
        for target in _targets(node, module):
            yield Import(target, node, id(node) in typing_only)


def _targets(node: ast.AST, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        origin = _origin(node, module)
        yield from (f"{origin}.{alias.name}" for alias in node.names)


def _origin(node: ast.ImportFrom, module: Module) -> str:
    """The dotted name after ``from``, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    is_package = module.path.endswith("/__init__.py")
    parts = [] if module.name == FACE else module.name.split(".")
    parents = parts[: len(parts) - node.level + is_package]
    return ".".join([PACKAGE, *parents, *filter(None, [node.module])])


def wrong_way_imports(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        if module.room != FACE and module.room not in RANK:
            yield f"{module.path}: a new room; give it a place in ROOMS_IN_ORDER and in CONTRIBUTING.md"
            continue
        for one in imports_of(module):
            room = _room_of(one.target)
            if room and not _may_import(module.room, room):
                yield f"{module.at(one.node)}: {module.room} imports {room}, which stands right of it"


def import_circle(modules: list[Module]) -> list[str]:
    """Modules that import each other in a circle, also within a room; empty without one."""
    names = {module.name for module in modules}
    needs = {
        module.name: {_module_of(one.target, names) for one in imports_of(module) if not one.only_for_types}
        - {module.name, None}
        for module in modules
        if module.name != FACE
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module_of(target: str, names: set[str]) -> str | None:
    """The module that an imported name of the package lives in, itself a module or not; None for other libraries."""
    package, _, rest = target.partition(".")
    return next((name for name in (rest, rest.rpartition(".")[0]) if package == PACKAGE and name in names), None)


def _room_of(target: str) -> str | None:
    """The room that an imported name lives in; None for other libraries."""
    package, _, rest = target.partition(".")
    if package != PACKAGE:
        return None
    room = rest.split(".")[0]
    return room if room in RANK else FACE


def _may_import(importer: str, imported: str) -> bool:
    if importer == FACE:
        return True
    if imported == FACE:
        return False
    return importer == imported or RANK[imported] < RANK[importer] or RANK[imported] == RANK["types"] == RANK[importer]


def _up_to(room: str) -> Callable[[Module], bool]:
    return lambda module: RANK.get(module.room, len(RANK)) <= RANK[room]


def _from(room: str) -> Callable[[Module], bool]:
    return lambda module: module.room != FACE and RANK.get(module.room, len(RANK)) >= RANK[room]


# Which modules may import a library. The first entry that a name begins with decides.
DOORS: dict[str, tuple[str, Callable[[Module], bool]]] = {
    "matplotlib.pyplot": ("nowhere: it keeps global state", lambda _: False),
    "matplotlib": ("in figures", lambda module: module.room == "figures"),
    "torch": (
        "up to models, and in statistics/door.py",
        lambda module: _up_to("models")(module) or module.name == "statistics.door",
    ),
    "pandas": ("from statistics on", _from("statistics")),
    "jinja2": ("in report/render.py", lambda module: module.name == "report.render"),
    "markupsafe": ("in report", lambda module: module.room == "report"),
    "hydra": ("in cli", lambda module: module.room == "cli"),
    "omegaconf": ("in cli", lambda module: module.room == "cli"),
}


def library_imports_without_a_door(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for one in imports_of(module):
            library = next((name for name in DOORS if f"{one.target}.".startswith(f"{name}.")), None)
            if library is None or one.only_for_types:
                continue
            place, allowed = DOORS[library]
            if not allowed(module):
                yield f"{module.at(one.node)}: imports {library}, which belongs {place}"


def public_without_docstring(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        if ast.get_docstring(module.tree) is None:
            yield f"{module.at(module.tree)}: the module has no docstring"
        for node in _public_definitions(module.tree):
            if ast.get_docstring(node) is None:
                yield f"{module.at(node)}: {node.name} has no docstring"


def _public_definitions(
    parent: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Classes, functions and methods without a leading underscore, not those inside functions."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public_definitions(node)


def long_functions(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{module.at(node)}: {node.name} has {lines} lines; split it, {LONGEST_FUNCTION} are the most"


RULES = (wrong_way_imports, library_imports_without_a_door, public_without_docstring, long_functions)


def test_no_modules_import_each_other_in_a_circle(tmp_path):
    assert import_circle(read_package(REPOSITORY)) == []
    room = tmp_path / PACKAGE / "cli"
    room.mkdir(parents=True)
    (room / "launch.py").write_text("from assignstudy.cli.sentences import say", encoding="utf-8")
    (room / "sentences.py").write_text("from assignstudy.cli import launch", encoding="utf-8")
    assert set(import_circle(read_package(tmp_path))) == {"cli.launch", "cli.sentences"}


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule):
    broken = list(rule(read_package(REPOSITORY)))
    assert not broken, "\n".join(["", *broken])


BREACHES = {
    "statistics/bad.py": [
        ("from assignstudy.figures import style", "statistics imports figures, which stands right of it"),
        ("from ..report.view import RunView", "statistics imports report, which stands right of it"),
        ("from assignstudy import load_runs", "statistics imports __init__, which stands right of it"),
        ("def f():\n    import torch", "imports torch, which belongs up to models, and in statistics/door.py"),
    ],
    "figures/bad.py": [
        ("import matplotlib.pyplot as plt", "imports matplotlib.pyplot, which belongs nowhere"),
        ("from matplotlib import pyplot", "imports matplotlib.pyplot, which belongs nowhere"),
    ],
    "datasets/bad.py": [("import pandas as pd", "imports pandas, which belongs from statistics on")],
    "report/bad.py": [("from jinja2 import Environment", "imports jinja2, which belongs in report/render.py")],
    "study.py": [("from omegaconf import OmegaConf", "imports omegaconf, which belongs in cli")],
    "attic/bad.py": [("", "a new room; give it a place")],
    "types.py": [
        ("class Public:\n    '''Doc.'''\n    def method(self): ...", ":3: method has no docstring"),
        ("def public(): ...", "public has no docstring"),
        ("def _long():\n" + "    pass\n" * LONGEST_FUNCTION, "_long has 61 lines"),
    ],
}


@pytest.mark.parametrize(
    ("path", "source", "complaint"), [(p, *case) for p, cases in BREACHES.items() for case in cases]
)
def test_a_breach_is_named_with_file_and_line(tmp_path, path, source, complaint):
    file = tmp_path / PACKAGE / path
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    broken = [message for rule in RULES for message in rule(read_package(tmp_path))]
    assert any(message.startswith(f"{PACKAGE}/{path}") and complaint in message for message in broken), broken


def test_what_only_a_type_checker_reads_needs_no_door(tmp_path):
    file = tmp_path / PACKAGE / "study.py"
    file.parent.mkdir()
    file.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n", encoding="utf-8")
    assert not list(library_imports_without_a_door(read_package(tmp_path)))


def test_no_result_is_committed():
    git = subprocess.run(["git", "ls-files", "outputs"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if git.returncode:
        pytest.skip("not a git checkout")
    assert set(git.stdout.split()) <= {"outputs/.gitignore"}
