"""A page of Markdown as its readers see it: links, headings, code, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode


@dataclass(frozen=True)
class Heading:
    """A heading, and the anchor that GitHub gives it."""

    level: int
    text: str

    @property
    def anchor(self) -> str:
        return re.sub(r"[^\w\- ]", "", self.text.lower()).replace(" ", "-")


@dataclass(frozen=True)
class Block:
    """A fenced block of code; `info` is what follows its opening fence."""

    info: str
    code: str


@dataclass(frozen=True)
class Cell:
    """A table's cell.

    Attributes:
        text: Its text without markup.
        code: The code spans in it.
        links: The targets of its links.
    """

    text: str
    code: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class MarkdownPage:
    """A page, read as CommonMark with GitHub's tables."""

    text: str

    @classmethod
    def of(cls, path: Path) -> MarkdownPage:
        return _page(path.read_text(encoding="utf-8"))

    @cached_property
    def _root(self) -> SyntaxTreeNode:
        return SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(self.text))

    @property
    def links(self) -> list[str]:
        """The targets of links and the sources of images."""
        return _links(self._root)

    @property
    def headings(self) -> list[Heading]:
        return [Heading(int(node.tag[1:]), _text(node)) for node in _nodes(self._root, "heading")]

    @property
    def paragraphs(self) -> list[str]:
        return [_text(node) for node in _nodes(self._root, "paragraph")]

    @property
    def blocks(self) -> list[Block]:
        return [Block(node.info.strip(), node.content) for node in _nodes(self._root, "fence")]

    @property
    def code(self) -> list[str]:
        """The code spans in running text."""
        return _code(self._root)

    def rows(self, *head: str) -> list[tuple[Cell, ...]]:
        """Return the rows of every table with these column titles; there must be one."""
        tables = [[_cells(row) for row in _nodes(table, "tr")] for table in _nodes(self._root, "table")]
        found = [rows for titles, *rows in tables if tuple(cell.text for cell in titles) == head]
        assert found, f"no table with the columns {head}"
        return [row for rows in found for row in rows]

    def section(self, title: str) -> MarkdownPage:
        """Return the part below a heading of the second level."""
        parts = re.split(rf"^## {re.escape(title)}\n", self.text, flags=re.MULTILINE)
        assert len(parts) == 2, f"{len(parts) - 1} sections named {title}"
        return MarkdownPage(re.split(r"^## ", parts[1], flags=re.MULTILINE)[0])


def _nodes(parent: SyntaxTreeNode, kind: str) -> Iterator[SyntaxTreeNode]:
    return (node for node in parent.walk() if node.type == kind)


def _text(parent: SyntaxTreeNode) -> str:
    return "".join(" " if node.type == "softbreak" else node.content for node in parent.walk() if not node.children)


def _code(parent: SyntaxTreeNode) -> list[str]:
    return [node.content for node in _nodes(parent, "code_inline")]


def _links(parent: SyntaxTreeNode) -> list[str]:
    return [
        str(node.attrs["href" if node.type == "link" else "src"])
        for node in parent.walk()
        if node.type in ("link", "image")
    ]


def _cells(row: SyntaxTreeNode) -> tuple[Cell, ...]:
    return tuple(Cell(_text(cell).strip(), tuple(_code(cell)), tuple(_links(cell))) for cell in row.children)


@cache
def _page(text: str) -> MarkdownPage:
    """Many tests ask for the same pages, and reading one takes much of a second."""
    return MarkdownPage(text)
