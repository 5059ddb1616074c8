"""Text made safe for a terminal: what a caller or a provider wrote must not move the cursor or hide a line."""

from __future__ import annotations


def visible(text: str) -> str:
    """Return the text with everything unprintable escaped; line breaks are kept."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in text)


def visible_line(text: str) -> str:
    """Return the text as `visible` does, on one line: line breaks are escaped too."""
    return visible(text).replace("\n", "\\n")


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
