"""No regular expression takes long on any text: whatever callers, providers and receivers send, a process goes on."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

from tests.fixtures.session import ROOT

PACKAGES = ("workflows", "activities", "api", "worker", "sql", "promptmill")
LONG = 200_000
"""Characters of each class that an expression names."""

SHORT = 20_000
"""Tried before, in more ways: with so many a quadratic expression takes 0.2 to 4 s, and not minutes."""

SHORT_SECONDS = 0.08
LONG_SECONDS = 0.5
"""Of processor time, far from both: a linear expression takes up to 14 and 41 ms, a quadratic one 200 ms, and 20 s."""

MOST_PAIRED = 8
ENDING = "\n\x00"
"""Lets an expression that wants an end look at all of the text in vain."""

METHODS = frozenset({"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
SCRIPT = re.compile(
    r"(?:[(=,]|return|^)\s*/((?:\\.|\[[^\]\n]*\]|[^/*\\\[\n])(?:\\.|\[[^\]\n]*\]|[^/\\\[\n])*)/[gimsuy]*[.,)]"
)
"""A regular expression of JavaScript, where one may stand."""


@dataclass(frozen=True)
class Found:
    """A regular expression and where it stands."""

    where: str
    pattern: str | bytes
    flags: int = 0


class _Names(dict[str, Any]):
    """The names of a module; any other is a variable of a function, for which one word stands."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, "word")


def _modules() -> Iterator[tuple[ModuleType, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts or path.name == "__main__.py":
                continue
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield importlib.import_module(dotted), path


def _in_code() -> Iterator[Found]:
    for module, path in _modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module != "re", f"{path}: `import re`, so that its expressions are found"
            if isinstance(node, ast.Call):
                yield from _of_call(node, module, f"{path.relative_to(ROOT)}:{node.lineno}")


def _of_call(node: ast.Call, module: ModuleType, where: str) -> Iterator[Found]:
    match node.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in METHODS:
            flags = [word.value for word in node.keywords if word.arg == "flags"]
            if name == "compile" and len(node.args) > 1:
                flags.append(node.args[1])
            yield Found(where, _value(node.args[0], module), *(int(_value(flag, module)) for flag in flags))
        case _:
            for word in node.keywords:
                if word.arg == "pattern":
                    yield Found(where, _value(word.value, module))


def _value(node: ast.expr, module: ModuleType) -> Any:
    code = compile(ast.Expression(node), "<regular expression>", "eval")
    return eval(code, {}, _Names(vars(module)))


def _in_scripts() -> Iterator[Found]:
    for path in sorted((ROOT / "api" / "web").rglob("*.js")):
        for found in SCRIPT.finditer(path.read_text(encoding="utf-8")):
            yield Found(os_path(path), found[1])


def os_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


ALL = [*_in_code(), *_in_scripts()]


def _characters(pattern: re.Pattern[Any]) -> tuple[list[str], list[str]]:
    """Return one character of each class that an expression names, and the words in it."""
    characters: dict[str, None] = {}
    words: list[str] = []
    _collect(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG), characters, words)
    return [*characters], [word for word in dict.fromkeys(words) if len(word) > 1]


SAMPLES = {
    sre.CATEGORY_DIGIT: "7",
    sre.CATEGORY_NOT_DIGIT: "x",
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: "x",
    sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_WORD: "-",
}


def _collect(items: Any, characters: dict[str, None], words: list[str]) -> None:
    word = ""
    for kind, value in items:
        if kind is not sre.LITERAL:
            words.append(word)
            word = ""
        match kind:
            case sre.LITERAL:
                word += chr(value)
                characters[chr(value)] = None
            case sre.NOT_LITERAL | sre.ANY:
                characters["b"] = None
            case sre.IN:
                characters.update(dict.fromkeys(_members(value)))
            case _:
                for inner in _inner(value):
                    _collect(inner, characters, words)
    words.append(word)


def _inner(value: Any) -> Iterator[Any]:
    """Yield the expressions inside a group, a repetition, a choice or a look around."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _inner(part)


def _members(items: Any) -> Iterator[str]:
    for kind, value in items:
        if kind is sre.LITERAL:
            yield chr(value)
        elif kind is sre.RANGE:
            yield chr(value[0])
        elif kind is sre.CATEGORY:
            yield SAMPLES[value]
        elif kind is sre.NEGATE:
            yield "b"


def _texts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yield texts that an expression may find hard: what it names, many times, alone, in pairs and behind its words."""
    characters, words = _characters(pattern)
    some, named = characters[:MOST_PAIRED], words[:MOST_PAIRED]
    joined = [f"{word}{one}" for word, one in product(named, some)]
    for piece in (*characters, *words, *joined, *("".join(pair) for pair in permutations(some, 2))):
        yield piece * (SHORT // len(piece)) + ENDING
    for word, one in product(named, some):
        yield word + one * SHORT + ENDING
    for one in characters:
        yield one * LONG
        yield one * LONG + ENDING


def _seconds(pattern: re.Pattern[Any], text: str) -> float:
    """Return the processor time of finding all: what `search`, `sub` and `fullmatch` do is less."""
    subject: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    began = time.thread_time()
    for _ in pattern.finditer(subject):
        pass
    return time.thread_time() - began


def hard_text(pattern: re.Pattern[Any]) -> str | None:
    """Return the first text that takes too long, described, or None."""
    for text in _texts(pattern):
        most = LONG_SECONDS if len(text) >= LONG else SHORT_SECONDS
        # The better of two: a processor that is taken away for a moment is no fault of the expression.
        if _seconds(pattern, text) > most and _seconds(pattern, text) > most:
            return f"{text[:40]!r}… ({len(text)} characters)"
    return None


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.where)
def test_200_000_characters_of_any_class_take_a_moment(found: Found) -> None:
    pattern = re.compile(found.pattern, found.flags)
    assert hard_text(pattern) is None, found


@pytest.mark.parametrize(
    "pattern", [r"(\w+://[^\s:/@]*):[^\s@/]+@", r"\?[^\s]*=[^\s]*", r"<title[^>]*>(.*?)</title>", r"<[^>]*>", r"0+$"]
)
def test_slow_expressions_are_noticed(pattern: str) -> None:
    assert hard_text(re.compile(pattern)) is not None


def test_all_are_found() -> None:
    places = {found.where.partition(":")[0] for found in ALL}
    with_expressions = {
        os_path(path)
        for _, path in _modules()
        if re.search(r"\bre\.(compile|sub|search|match|fullmatch|split)\(|\bpattern=", path.read_text(encoding="utf-8"))
    }
    assert with_expressions <= places
    assert any(place.startswith("api/web/workspace/") for place in places)
