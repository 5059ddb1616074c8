"""Words to be filled in: what is one, and what comes of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from api.schemas.templates import FillTemplate
from promptmill.contracts.placeholders import filled, length_filled, missing, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a {{thing}} by {{ the_sea }}", ("thing", "the_sea")),
        ("{{Größe}} {{2nd}} {{meta.id}} {{a-b}}", ("Größe", "2nd", "meta.id", "a-b")),
        ("{{हिन्दी}} {{क्\u200dष}} {{ที่นี่}} {{m²}}", ("हिन्दी", "क्\u200dष", "ที่นี่", "m²")),
        ("{{thing}} and {{thing}}", ("thing",)),
        ("{{{thing}}}", ("thing",)),
        ("{thing} {{}} {{ }} {{two words}} {{-a}} {{a", ()),
        ("{{a\n}} {{a,b}}", ()),
        ("{{" + "a" * 65 + "}}", ()),
    ],
)
def test_a_word_stands_between_two_braces(text: str, words: tuple[str, ...]) -> None:
    assert words_in(text) == words


def test_texts_are_filled_wherever_they_are_and_nothing_else_is() -> None:
    value = {"{{a}}": ["{{a}}-{{b}}", 7, None, True, {"deep": "{{ c }}"}]}
    words = {"a": "{{b}}", "b": "$1 \\1", "unused": "x"}

    assert words_in(value) == ("a", "b", "c")
    assert missing(value, words) == ("c",)
    assert filled(value, words) == {"{{a}}": ["{{b}}-$1 \\1", 7, None, True, {"deep": "{{ c }}"}]}
    assert length_filled(value, words) == len("{{b}}-$1 \\1") + len("{{ c }}")
    assert value["{{a}}"][0] == "{{a}}-{{b}}", "the value itself stays"


def test_whatever_is_a_word_can_be_filled_in() -> None:
    words = ("½", "①", "m²", "_a", "__proto__", "e\u0301", "हिन्दी", "a.b-c", "x" * 64)
    assert words_in([f"{{{{{word}}}}}" for word in words]) == words
    for word in words:
        assert FillTemplate(words={word: "b"}).words == {word: "b"}
    for other in ("", "two words", "-a", "a{", "a\n", "x" * 65):
        with pytest.raises(ValidationError):
            FillTemplate(words={other: "b"})
