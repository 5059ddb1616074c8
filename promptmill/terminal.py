"""Text as a terminal may be shown it: what a caller or a provider wrote must not move the cursor or hide a line."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return the text with everything that is not printable written as an escape; line ends stay."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in text)


def visible_line(text: str) -> str:
    """Return the text as `visible` does, on one line: an end of line is written as an escape as well."""
    return visible(text).replace("\n", "\\n")


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
