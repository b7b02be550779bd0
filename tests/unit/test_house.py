"""The map is true: paths that documents name exist, rooms keep to their size, and names mean one thing."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from alerts.channels.kinds import CHANNEL_KINDS
from ingest.decoders.formats import FORMATS

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("ingest", "processors", "alerts", "deploy")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MODULES = [path for path in MODULES if "node_modules" not in path.parts]
TREES = {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
DOCUMENTS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "CHANGELOG.md", "deploy/docs/adr/rooms.md"]
MOST_PARAMETERS = 7
_PATH = re.compile(r"`((?:ingest|processors|alerts|deploy|tests|bench)/[\w/.-]*)`")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    named = _PATH.findall((ROOT / name).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_room_of_processors_is_named_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [room for room in rooms() if f"`{room}`" not in text] == []


def rooms() -> list[str]:
    entries = (ROOT / "processors").iterdir()
    return sorted(e.stem for e in entries if not e.name.startswith("_"))


def test_processors_has_at_most_eighteen_entries() -> None:
    assert len(rooms()) <= 18


@pytest.mark.parametrize("path", [p for p in TREES if p.name == "__init__.py"], ids=str)
def test_an_entrance_is_short_and_says_what_the_room_is_for(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= 40
    assert ast.get_docstring(TREES[path])


@pytest.mark.parametrize("path", TREES, ids=str)
def test_a_module_says_in_its_first_line_what_it_is(path: Path) -> None:
    assert ast.get_docstring(TREES[path])


def test_others_come_into_a_room_by_its_entrance() -> None:
    """All but `stream`: what starts the engine is loaded only where a service runs."""
    beside = []
    for path, tree in TREES.items():
        own = ".".join(path.parts[:2])
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.count(".") >= 2:
                room = ".".join(node.module.split(".")[:2])
                is_package = (ROOT / room.replace(".", "/") / "__init__.py").exists()
                if room.startswith("processors.") and is_package and room not in (own, "processors.stream"):
                    beside.append(f"{path}: {node.module}")
    assert beside == []


def test_no_class_name_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_function_is_handed_a_train_of_arguments() -> None:
    """Commands aside: click hands each option on by its name."""
    long = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            every = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            count = len([a for a in every if a.arg not in ("self", "cls")])
            if count > MOST_PARAMETERS and path.parts[:2] != ("deploy", "commands"):
                long.append(f"{path}:{node.lineno} {node.name} ({count})")
    assert long == []


@pytest.mark.parametrize(
    ("room", "entries"),
    [
        pytest.param("ingest.decoders", list(FORMATS), id="decoders"),
        pytest.param("alerts.channels", list(CHANNEL_KINDS), id="channels"),
    ],
)
def test_what_knows_nothing_of_its_fellows_is_guarded_by_the_linter(room: str, entries: list[str]) -> None:
    """Checks and patterns need no such list: their contracts fail for a module that they don't name."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = [one for one in tool["importlinter"]["contracts"] if one["type"] == "independence"]
    guarded = {module for contract in contracts for module in contract["modules"]}
    assert [entry for entry in entries if f"{room}.{entry}" not in guarded] == []


@pytest.mark.parametrize("path", TREES, ids=str)
def test_every_name_that_a_module_hands_on_exists(path: Path) -> None:
    tree = TREES[path]
    bound = {
        alias.asname or alias.name
        for n in tree.body
        if isinstance(n, ast.ImportFrom | ast.Import)
        for alias in n.names
    }
    bound |= {
        n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    bound |= {
        n.id
        for one in tree.body
        for n in ast.walk(one)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    listed = [
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["__all__"]
        for name in ast.literal_eval(node.value)
    ]
    assert [name for name in listed if name not in bound] == []
