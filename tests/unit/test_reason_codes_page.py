from pathlib import Path

from promptmill.commands.reasons_page import reasons_page
from promptmill.contracts.reasons import REASONS, ReasonCode
from tests.markdown import MarkdownPage

PAGE = Path(__file__).parents[2] / "docs" / "reason-codes.md"


def test_reason_codes_page_is_what_the_code_says() -> None:
    """After a change of a reason: `promptmill reasons > docs/reason-codes.md`."""
    assert PAGE.read_text() == reasons_page()


def test_every_reason_code_has_its_sentence_and_advice() -> None:
    assert set(REASONS) == set(ReasonCode)
    for code, reason in REASONS.items():
        assert reason.message.endswith("."), code
        assert reason.hint.endswith("."), code


def test_every_reason_code_stands_on_the_page_once() -> None:
    rows = MarkdownPage(reasons_page()).rows("code", "means", "what to do")
    assert sorted(code for row in rows for code in row[0].code) == sorted(ReasonCode)
