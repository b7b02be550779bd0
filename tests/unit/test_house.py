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


CLIENTS = {"AIOKafkaProducer", "AIOKafkaConsumer", "AIOKafkaAdminClient"}
HANDED_ON = {
    ("ingest/producer.py", "_connect")
}  # a client under another name, so that a test can give its own


def test_every_client_of_kafka_is_made_with_the_options_of_the_connection() -> None:
    """TLS and the user stand in `KafkaOptions`: who names servers by himself would come without them."""
    made, wrong = 0, []
    for path, tree in TREES.items():
        called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        names = CLIENTS | {name for place, name in HANDED_ON if place == str(path)}
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            call = called.get(id(node))
            if isinstance(node, ast.keyword) and node.arg == "bootstrap_servers":
                wrong.append(f"{path}:{node.lineno} names servers by itself")
            elif call is not None and (name in names or (name == "App" and _is_of_faust(node))):
                made += 1
                if not _has_options(call, name):
                    wrong.append(f"{path}:{node.lineno} makes {name} without `**kafka.client()`")
    assert wrong == []
    assert made >= 12


def _is_of_faust(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "faust"


def _has_options(call: ast.Call, name: str) -> bool:
    if name == "App":
        return any(one.arg == "broker_credentials" for one in call.keywords)
    unpacked = [one.value for one in call.keywords if one.arg is None and isinstance(one.value, ast.Call)]
    return [getattr(one.func, "attr", "") for one in unpacked] == ["client"]


def test_a_client_of_kafka_is_handed_on_under_another_name_only_where_the_test_above_knows_it() -> None:
    found = set()
    for path, tree in TREES.items():
        known = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)):
            every = [
                *function.args.args,
                *function.args.kwonlyargs,
                function.args.vararg,
                function.args.kwarg,
            ]
            notes = [a.annotation for a in every if a is not None] + [function.returns]
            known |= {id(n) for note in notes if note is not None for n in ast.walk(note)}
        found |= {
            str(path)
            for n in ast.walk(tree)
            if isinstance(n, ast.Name) and n.id in CLIENTS and id(n) not in known
        }
    assert found == {place for place, _ in HANDED_ON}


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
