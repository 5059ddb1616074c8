"""No regular expression takes long on any text: whatever callers, providers or receivers send, processes go on."""

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
from types import ModuleType
from typing import Any

import pytest

from tests.fixtures.session import ROOT

# Private to `re`, and unknown to its types.
sre, _parser = (importlib.import_module(f"re.{name}") for name in ("_constants", "_parser"))

PACKAGES = ("workflows", "activities", "api", "worker", "sql", "promptmill")
LONG = 200_000
"""Characters of each class that an expression names."""

LONG_SECONDS = 0.5
"""CPU seconds, far from both: a linear expression takes up to 41 ms, a quadratic one 20 s."""

SHORT = 2_000
"""The same for texts tried first, in more ways: a quadratic expression takes 2 to 40 ms on them, not minutes."""

SUSPICIOUS_SECONDS = 0.0003
"""CPU seconds for a short text from which on a longer one is compared with it: of linear expressions few, of quadratic
ones all, also where the CPU is several times as fast."""

LONGER, MUCH_SLOWER = 3, 5
"""A linear expression takes 3 times as long on 3 times the text, a quadratic one 9 times, on any machine."""

HOPELESS_SECONDS = 2
"""CPU seconds for a short text: no comparison is needed."""

MOST_PAIRED = 8
ENDING = "\n\x00"
"""Makes an expression that requires an end scan all of the text in vain."""

METHODS = frozenset({"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
SCRIPT = re.compile(
    r"(?:[(=,]|return|^)\s*/((?:\\.|\[[^\]\n]*\]|[^/*\\\[\n])(?:\\.|\[[^\]\n]*\]|[^/\\\[\n])*)/[gimsuy]*[.,)]"
)
"""A JavaScript regular expression, where the syntax allows one."""


@dataclass(frozen=True)
class Found:
    """A regular expression and its location."""

    where: str
    pattern: str | bytes
    flags: int = 0


class _Names(dict[str, Any]):
    """The names of a module; any other is a function's variable, replaced by one word."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, "word")


def _texts_of_modules() -> Iterator[tuple[Path, str]]:
    """Yield each module that may have an expression, and its text; the others need not be imported and read."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts and path.name != "__main__.py":
                text = path.read_text(encoding="utf-8")
                if re.search(r"\bre\b|\bpattern\b", text):
                    yield path, text


def _in_code() -> Iterator[Found]:
    for path, text in _texts_of_modules():
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        for node in ast.walk(ast.parse(text)):
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
    """Yield the expressions inside a group, a repetition, an alternative or a lookaround."""
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


@dataclass(frozen=True)
class Text:
    """A text that may be hard for an expression: a beginning, and a piece that is repeated to any length."""

    piece: str
    start: str = ""
    end: str = ENDING

    def of(self, length: int) -> str:
        return f"{self.start}{self.piece * (length // len(self.piece))}{self.end}"


def _texts(pattern: re.Pattern[Any]) -> tuple[list[Text], list[Text]]:
    """Return texts to be tried short, of what an expression names: alone, in pairs, after its words; and those long."""
    characters, words = _characters(pattern)
    some, named = characters[:MOST_PAIRED], words[:MOST_PAIRED]
    joined = [f"{word}{one}" for word, one in product(named, some)]
    pieces = (*characters, *words, *joined, *("".join(pair) for pair in permutations(some, 2)))
    after_words = [Text(one, start=word) for word, one in product(named, some)]
    alone = [Text(one) for one in characters]
    return [*map(Text, pieces), *after_words, *(Text(one, end="") for one in characters)], alone


def _seconds(pattern: re.Pattern[Any], text: str) -> float:
    """Return the CPU time of finding all matches: `search`, `sub` and `fullmatch` do less."""
    subject: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
    began = time.thread_time()
    for _ in pattern.finditer(subject):
        pass
    return time.thread_time() - began


def _is_hard(pattern: re.Pattern[Any], text: Text) -> bool:
    short, longer = text.of(SHORT), text.of(LONGER * SHORT)
    taken = _seconds(pattern, short)
    if taken < SUSPICIOUS_SECONDS or taken > HOPELESS_SECONDS:
        return taken > HOPELESS_SECONDS
    # The best of three: what disturbs a CPU for a moment only ever adds.
    best, best_longer = (min(_seconds(pattern, text) for _ in range(3)) for text in (short, longer))
    return best_longer > MUCH_SLOWER * best


def hard_text(pattern: re.Pattern[Any]) -> Text | None:
    """Return the first text that takes too long, or None."""
    short, long = _texts(pattern)
    for text in short:
        if _is_hard(pattern, text):
            return text
    for text in long:
        whole = text.of(LONG)
        if _seconds(pattern, whole) > LONG_SECONDS and _seconds(pattern, whole) > LONG_SECONDS:
            return text
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
        for path, text in _texts_of_modules()
        if re.search(r"\bre\.(compile|sub|search|match|fullmatch|split)\(|\bpattern=", text)
    }
    assert with_expressions <= places
    assert any(place.startswith("api/web/workspace/") for place in places)
