"""Tables as text: what spreadsheets write is read, and what is broken is told with its row, column and line."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptmill.batches.delimited import lines_of
from promptmill.batches.rows import CELL_CHARACTERS, MOST_COLUMNS, VALUE_SHOWN, Fault, Line
from promptmill.batches.sources import of_matrix, of_pictures, of_repeat, of_rows, read_csv, read_jsonl
from promptmill.contracts.batches import MOST_ROWS


def read(table: str | bytes) -> list[Line | Fault]:
    text = table if isinstance(table, str) else table.decode(errors="surrogateescape")
    return [*read_csv(lines_of(text))]


def rows(found: list[Line | Fault]) -> list[dict[str, Any]]:
    assert all(isinstance(one, Line) for one in found), found
    return [one.values for one in found if isinstance(one, Line)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write_is_read(delimiter: str, end: str, mark: str) -> None:
    lines = ["prompt,meta.client", '"a ""red"" fox, asleep",Ünal', '"two', 'lines",']
    table = mark + end.join(line.replace(",", delimiter) for line in lines)

    assert rows(read(table)) == [
        {"prompt": f'a "red" fox{delimiter} asleep', "meta.client": "Ünal"},
        {"prompt": f"two{end}lines", "meta.client": ""},
    ]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_whatever_the_csv_module_writes_is_read_as_it_was(table: list[list[str]], delimiter: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["a", "b", "c"], *table])

    found = [one for one in read(text.getvalue()) if isinstance(one, Line)]

    expected = [(n, dict(zip("abc", row, strict=True))) for n, row in enumerate(table, 1) if any(map(str.strip, row))]
    assert [(line.number, line.values) for line in found] == expected


@given(st.text(st.sampled_from('ab",;\t\n\r "\x00\ud800\udcfcü'), max_size=60))
def test_no_table_raises_and_each_fault_can_be_stored(table: str) -> None:
    for one in [*read_csv(lines_of(table)), *read_jsonl(lines_of(table))]:
        if isinstance(one, Fault):
            said = f"{one.column}{one.value}{one.message}{one.suggestion}"
            assert "\x00" not in said
            said.encode()


def test_rows_keep_their_place_and_empty_ones_are_left_out() -> None:
    found = read("a,b\n1,2\n\n,,\n3,4\n")

    assert [(one.number, one.values["a"]) for one in found if isinstance(one, Line)] == [(1, "1"), (4, "3")]


@pytest.mark.parametrize(
    ("table", "line", "column", "words"),
    [
        ("", 0, None, "The table is empty"),
        ("\n\nfox", 0, None, "The table is empty"),
        ("prompt\n", 0, None, "no rows"),
        ("prompt,prompt\nfox,fox", 0, "prompt", "2 times"),
        ("prompt\nfox".encode("utf-16"), 0, None, "UTF-16"),
        ("prompt,\xfcber\n1,2".encode("latin-1"), 0, "\ufffdber", "0xFC"),
        ("," * MOST_COLUMNS + "\n1", 0, None, f"at most {MOST_COLUMNS}"),
        ("," * 999_999 + "\n1", 0, None, "1,000,000 columns"),
        ("prompt\nfox\n" + "x," * 999_999, 2, None, "Cells: 1,000,000 in the row, 1 in the header"),
        ("prompt,seed\nfox,1\nfox\n", 2, None, "Cells: 1 in the row, 2 in the header"),
        ("prompt\na fox, asleep\n", 1, None, "needs quotes"),
        ("prompt,\nfox,oil", 1, None, "Cell 2 has no column"),
        ("prompt\nfox\nb\x00r", 2, "prompt", "NUL"),
        ("prompt\nfox\nb\xe4r".encode("latin-1"), 2, "prompt", "0xE4"),
        ("a,prompt\n1," + "x" * (CELL_CHARACTERS + 1), 1, "prompt", "20,001 characters"),
        ("a,prompt\n1," + "x" * 11_000_000, 1, "prompt", "11,000,000 characters"),
        ('a,prompt\n1,"' + "x" * 11_000_000 + '"', 1, "prompt", "11,000,000 characters"),
        ('a,prompt\n"1\n2",fox\n3,"5 " nails"\n', 2, "prompt", "Line 4 of the file, cell 2: More text follows"),
    ],
)
def test_what_is_broken_is_told_with_its_place(table: str | bytes, line: int, column: str | None, words: str) -> None:
    fault = next(one for one in read(table) if isinstance(one, Fault))

    assert (fault.line, fault.column) == (line, column)
    assert words in fault.message
    assert len(fault.value or "") <= VALUE_SHOWN


def test_a_quote_that_is_not_closed_is_found_where_it_opens() -> None:
    found = read('prompt,seed\n"one\ntwo",1\nfox,"2\n' + "owl,3\n" * 100_000)

    assert rows(found[:1]) == [{"prompt": "one\ntwo", "seed": "1"}]
    broken, rest = found[1:]
    assert isinstance(broken, Fault)
    assert (broken.line, broken.column) == (2, "seed")
    assert broken.message.startswith("Line 4 of the file, cell 2: A quote opens and is not closed.")
    assert isinstance(rest, Fault)
    assert rest.line == 0


def test_after_a_broken_line_the_next_ones_are_read() -> None:
    found = read('prompt\n"a "red" fox"\nowl\n' + "x" * 200_000 + "\nfox\n")

    assert [one.values["prompt"] for one in found if isinstance(one, Line)] == ["owl", "fox"]
    assert [one.line for one in found if isinstance(one, Fault)] == [1, 3]


def test_a_table_ends_at_the_most_rows() -> None:
    found = read("prompt\n" + "fox\n" * (MOST_ROWS + 5))

    assert len(found) == MOST_ROWS + 1
    last = found[-1]
    assert isinstance(last, Fault)
    assert (last.line, last.message) == (0, "The table has more than 10,000 rows: send it in parts.")


def test_jsonl_is_read_line_by_line() -> None:
    table = '\ufeff{"prompt": "fox", "seed": 1}\n\n[1]\n{"a": 1, "a": 2}\nfox\n{"a": NaN}\n{"a": "\\u0000"}\n'

    found = [*read_jsonl(lines_of(table + "b\udce4r"))]

    assert found[0] == Line(1, {"prompt": "fox", "seed": 1})
    told = [(one.line, one.column, one.message) for one in found[1:] if isinstance(one, Fault)]
    assert told == [
        (3, None, 'Must be a JSON object, such as {"prompt": "a lighthouse"}.'),
        (4, None, "The name 'a' occurs twice in one object."),
        (5, None, "The line is not JSON: Expecting value (line 1, column 1)."),
        (6, None, "NaN is not valid JSON."),
        (7, "a", "The value contains a NUL character."),
        (8, None, "The line is not UTF-8, or has NUL characters: save the table as UTF-8."),
    ]


def test_other_sources_give_rows_one_by_one() -> None:
    assert rows([*of_matrix({"a": [1, 2], "b": ["x", "y"]})]) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert rows([*of_repeat(3, 41)]) == [{"seed": 41}, {"seed": 42}, {"seed": 43}]
    assert rows([*of_repeat(2, None)]) == [{}, {}]
    assert rows([*of_pictures(["https://a.example/1.png"])]) == [{"image": "https://a.example/1.png"}]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([*of_matrix({name: [1, 2] for name in "abcdefghijklmnopqrstuvwxyz"})], "67,108,864 rows (2 by 2 by"),
        ([*of_matrix({str(n): [1] for n in range(MOST_COLUMNS + 1)})], "201 columns"),
        ([*of_matrix({"a": [1], "b": []})], "no rows"),
        ([*of_rows([])], "no rows"),
        ([*of_rows([{str(n): 1 for n in range(MOST_COLUMNS + 1)}])], "201 columns"),
        ([*of_rows(["fox"])], "Must be a JSON object"),
        ([*of_rows([{"prompt": "x" * (CELL_CHARACTERS + 1)}])], "20,001 characters"),
    ],
)
def test_what_other_sources_cannot_give_is_a_fault(found: list[Line | Fault], words: str) -> None:
    [fault] = found
    assert isinstance(fault, Fault)
    assert words in fault.message
