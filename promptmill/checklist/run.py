"""Judging a line."""

from __future__ import annotations

from promptmill.checklist.checks import CHECKS
from promptmill.checklist.findings import Fails, Finding, NotSeen, State
from promptmill.checklist.lines import Line
from promptmill.checklist.papers import judge_tests
from promptmill.checklist.secrets import told
from promptmill.checklist.target import Options, Target


async def judge(target: Target, line: Line) -> Finding:
    """Judge one line by its check, then by its tests, and leave the rest to a person."""
    notes: list[str] = []
    try:
        if line.check is not None:
            try:
                return _found(line, State.PASS, await CHECKS[line.check](target, line))
            except NotSeen as why:
                notes.append(str(why))
        if line.tests:
            return _found(line, State.PASS, _tests(target.options, line))
    except NotSeen as why:
        notes.append(str(why))
    except Fails as error:
        return _found(line, State.FAIL, str(error), error.advice or line.advice)
    except Exception as error:  # noqa: BLE001  # one line must not take the sheet with all others along
        return _found(line, State.FAIL, told(target.settings, error), line.advice)
    return _found(line, State.PERSON, "; ".join([*([line.person] if line.person else []), *notes]))


def _tests(options: Options, line: Line) -> str:
    if not options.test_reports:
        raise NotSeen(f"shown by {', '.join(line.tests)} (--test-report FILE judges it)")
    return judge_tests(options.test_reports, line.tests)


def _found(line: Line, state: State, detail: str, advice: str | None = None) -> Finding:
    return Finding(number=line.number, words=line.words, state=state, detail=detail, advice=advice)
