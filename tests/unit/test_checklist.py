"""The deployment checklist: its lines, its states, its sheet, and the reports that it reads."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promptmill.checklist import command, logs, papers, run
from promptmill.checklist import target as target_module
from promptmill.checklist.checks import CHECKS
from promptmill.checklist.command import Signers, go_through, read_versions
from promptmill.checklist.findings import Fails, Finding, NotSeen, State
from promptmill.checklist.lines import Checklist, Line, read_checklist
from promptmill.checklist.papers import documents_are_there, judge_tests, load_was_borne
from promptmill.checklist.run import judge
from promptmill.checklist.sheet import Sheet, record_sheet
from promptmill.checklist.target import Options, Target
from promptmill.checklist.watching import RULES
from promptmill.commands.instance import Answer, Failed, Instance
from promptmill.config.contacts import ROLES, Contact
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
LINES_OF = {
    **{str(section): 4 for section in (1, 2, 3, 4)},
    **{str(section): 5 for section in range(5, 22)},
    "7": 6,
}
"""How many lines each section has: the checklist's own numbers."""

CHECKLIST = read_checklist()
SETTINGS = Settings()


def target(**options: Any) -> Target:
    return Target(SETTINGS, Instance("http://127.0.0.1:9", None), Options(**options), None)


def line(**fields: Any) -> Line:
    return Line(number="1.1", phase="after", words="It holds", advice="Mend it.", **fields)


def test_every_line_of_the_21_sections_is_there_once() -> None:
    wanted = [f"{section}.{place}" for section in range(1, 22) for place in range(1, LINES_OF[str(section)] + 1)]
    assert [each.number for each in CHECKLIST.lines] == wanted
    assert [*CHECKLIST.sections] == [*map(str, range(1, 22))]


def test_every_check_is_there_and_used() -> None:
    assert {each.check for each in CHECKLIST.lines if each.check} == CHECKS.keys()


@pytest.mark.parametrize("named", sorted({name for each in CHECKLIST.lines for name in each.tests}))
def test_every_named_test_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


async def test_every_named_document_is_there() -> None:
    for each in CHECKLIST.lines:
        if each.check == "documents":
            assert await documents_are_there(target(), each)
    pages = {
        advised for each in CHECKLIST.lines for advised in re.findall(r"docs/[\w-]+\.md#[\w-]+", each.advice or "")
    }
    assert await documents_are_there(target(), line(check="documents", of=tuple(sorted(pages))))


def test_every_named_series_and_alert_is_there() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text()
    rules = RULES.read_text()
    for each in CHECKLIST.lines:
        for name in each.of:
            assert each.check != "series" or f"| `{name}` |" in page, name
            assert each.check != "alerts" or f"- alert: {name}\n" in rules, name


def test_a_line_that_nobody_judges_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 1\.1 is judged by nobody"):
        line()
    with pytest.raises(ValueError, match=r"line 1\.1 may fail"):
        Line(number="1.1", phase="after", words="It holds", check="schema")


@pytest.mark.parametrize(
    ("raised", "state", "detail", "advice"),
    [
        (None, State.PASS, "seen", None),
        (Fails("broken"), State.FAIL, "broken", "Mend it."),
        (Fails("broken", "Do this."), State.FAIL, "broken", "Do this."),
        (Failed("no response"), State.FAIL, "no response", "Mend it."),
        (ConfigurationError("not set"), State.FAIL, "not set", "Mend it."),
        (NotSeen("not asked"), State.PERSON, "Look yourself.; not asked", None),
    ],
)
async def test_what_a_check_says_becomes_the_verdict(
    monkeypatch: pytest.MonkeyPatch, raised: Exception | None, state: State, detail: str, advice: str | None
) -> None:
    async def check(_: Target, __: Line) -> str:
        if raised is not None:
            raise raised
        return "seen"

    monkeypatch.setattr(run, "CHECKS", {"schema": check})
    found = await judge(target(), line(check="schema", person="Look yourself."))
    assert (found.state, found.detail, found.advice) == (state, detail, advice)


REPORT = """<testsuites><testsuite name="pytest" timestamp="2026-11-28T01:00:00">
<testcase classname="tests.unit.test_a" name="test_one[x]"/><testcase classname="tests.unit.test_a" name="test_one[y]"/>
<testcase classname="tests.unit.test_a" name="test_two"><failure message="no"/></testcase>
<testcase classname="tests.unit.test_a" name="test_three"><skipped message="no browser"/></testcase>
</testsuite></testsuites>"""


async def test_tests_are_judged_by_their_report(tmp_path: Path) -> None:
    report = tmp_path / "suite.xml"
    report.write_text(REPORT)
    drills = tmp_path / "drills.xml"
    drills.write_text(REPORT.replace("test_two", "test_five").replace("-28T", "-29T"))

    async def judged(name: str, *given: Path) -> Finding:
        return await judge(target(test_reports=given), line(tests=(f"tests/unit/test_a.py::{name}",)))

    passed = await judged("test_one", report)
    assert (passed.state, passed.detail[:36]) == (State.PASS, "passed in the report of 2026-11-28: ")
    assert (await judged("test_two", report)).state is State.FAIL
    assert (await judged("test_two", drills, report)).state is State.FAIL
    assert "of 2026-11-28 and 2026-11-29: " in (await judged("test_one", report, drills)).detail
    assert (await judged("test_three", report)).state is State.PERSON, "skipped is not seen"
    assert (await judged("test_four", report, drills)).state is State.PERSON
    assert (await judged("test_one")).state is State.PERSON
    report.write_text("no report")
    with pytest.raises(ConfigurationError, match="--test-report"):
        judge_tests([report], ["tests/unit/test_a.py::test_one"])


async def test_a_report_of_load_is_judged_by_its_verdict_and_its_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "load.json"
    told = {"ok": True, "accepted": 20, "planned": 20, "jobsPerMinute": 60.0, "ends": {"completed": 20}}
    report.write_text(json.dumps(told))
    assert (await load_was_borne(target(load_report=report), line(check="load"))).startswith("20 of 20 jobs")
    monkeypatch.setattr(papers, "OLD", papers.OLD * 0)
    with pytest.raises(NotSeen, match="older than"):
        await load_was_borne(target(load_report=report), line(check="load"))
    report.write_text(json.dumps(told | {"ok": False}))
    with pytest.raises(Fails):
        await load_was_borne(target(load_report=report), line(check="load"))


SHEET = Sheet(
    command="verify",
    at=datetime(2026, 11, 28, 1, 2, 3, tzinfo=UTC),
    installation="http://127.0.0.1:3000",
    versions={"release": "0.2.0", "schema": "0017", "Postgres": "18.4", "Temporal": "1.32.0"},
    deployed_by="Ada | Example",
    verified_by=None,
    contacts=(Contact("api", "On call", "+1 555 0100"),),
    findings=(
        Finding(number="1.1", words="It holds", state=State.PASS, detail="seen"),
        Finding(number="1.2", words="It holds too", state=State.FAIL, detail="broken", advice="Mend it."),
        Finding(number="3.3", words="It was checked", state=State.PERSON, detail="CI's record"),
    ),
)


def test_the_sheet_has_versions_people_findings_contacts_and_lines_to_sign(tmp_path: Path) -> None:
    beside = record_sheet(tmp_path / "sheet.md", SHEET, CHECKLIST.sections)
    page = (tmp_path / "sheet.md").read_text().splitlines()

    assert page[0] == "# Deployment checklist: verify, 2026-11-28"
    for row in (
        "| Temporal | 1.32.0 |",
        "| deployed by | Ada \\| Example |",
        "| verified by | ______________________________ |",
        "| lines | 1 pass, 1 fail, 1 a person signs |",
        "| 1.2 | It holds too | **fail** | broken **To do:** Mend it. |",
        "| 3.3 | It was checked | a person signs ______________________________ | CI's record |",
        "| api | On call | +1 555 0100 |",
        "| approved | | | |",
    ):
        assert row in page
    assert [row.split(" | ")[0][2:] for row in page[page.index("## Contacts") + 4 :][: len(ROLES)]] == [*ROLES]
    told = json.loads(beside.read_text())
    assert (beside.name, told["ok"], told["contacts"]["api"]["name"]) == ("sheet.json", False, "On call")
    assert Counter(each["state"] for each in told["findings"]) == Counter(State)
    assert not SHEET.model_copy(update={"findings": SHEET.findings[:1]}).failed


def test_contacts_are_read_and_wrong_ones_are_told() -> None:
    def contacts(text: str) -> tuple[Contact, ...]:
        return load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_CONTACTS": text}).contacts

    assert contacts("database = Ada Example <ada@example.com>;api=On call <#api>;") == (
        Contact("database", "Ada Example", "ada@example.com"),
        Contact("api", "On call", "#api"),
    )
    assert str(contacts("api=On call <#api>")[0]) == "api=On call <#api>"
    for text, said in (
        *(
            (text, "write role=name <address>, separated by semicolons")
            for text in ("Ada", "api=Ada", "api=<a@b>", "api=A <>")
        ),
        ("backend=Ada <a@b>", "choose among database, api, frontend, infrastructure, product"),
        ("api=Ada <a@b>; api=Max <c@d>", "api is there twice"),
    ):
        with pytest.raises(ConfigurationError, match=rf"PROMPTMILL_CONTACTS is not valid: .*{re.escape(said)}"):
            contacts(text)


def report(**temporal: Any) -> dict[str, Any]:
    """Return what `GET /api/init` says of an installation in which all is well, but for this."""
    queues = [{"name": name, "pollers": 1, "stopped": False, "reason": None} for name in ("mill", "mill-grok")]
    schedule = {"id": "mill-reconcile", "paused": False, "reason": None, "late": False, "lastFinishedAt": "now"}
    return {
        "ok": True,
        "providers": {"grok": "simulated", "wavespeed": "simulated"},
        "temporal": {"answers": True, "queues": queues, "schedule": schedule} | temporal,
    }


def knowing(told: Mapping[str, Any]) -> Target:
    """Return a target whose report is known; it answers nothing else, so whatever is sent fails."""
    return Target(SETTINGS, Instance("http://127.0.0.1:9", None), Options(), None, _known={"report": told})


async def test_a_worker_that_is_away_and_a_reconciler_that_is_late_fail_with_what_to_do() -> None:
    found = await judge(knowing(report()), line(check="background"))
    assert found.state is State.PASS
    away = [{"name": "mill", "pollers": 0, "stopped": False, "reason": None}]
    late = {"id": "mill-reconcile", "paused": False, "reason": None, "late": True}
    found = await judge(knowing(report(queues=away, schedule=late)), line(check="background"))
    assert (found.state, found.detail) == (
        State.FAIL,
        "nobody polls mill; no pass of the reconciler has finished for too long",
    )
    assert found.advice is not None
    assert found.advice.startswith("Start a worker: python -m worker.")
    found = await judge(knowing(report(schedule=None)), line(check="background"))
    assert (found.state, found.advice) == (State.FAIL, "promptmill init")


@pytest.mark.parametrize(
    "check", ["job-accepted", "job-prompt-queued", "job-order", "job-completes", "job-prompt-fails"]
)
async def test_nothing_is_made_where_it_would_cost_or_could_not_end(check: str) -> None:
    real = report() | {"providers": {"grok": "real", "wavespeed": "simulated"}}
    found = await judge(knowing(real), line(check=check))
    assert (found.state, found.detail) == (State.PERSON, "the providers are real, or may be: a job would cost money")
    away = [{"name": "mill", "pollers": 0, "stopped": False, "reason": None}]
    found = await judge(knowing(report(queues=away)), line(check=check))
    assert (found.state, found.detail) == (State.PERSON, "not tried while nothing is taken from mill: see line 4.3")


async def test_a_real_grok_is_asked_only_if_that_was_allowed() -> None:
    real = report() | {"providers": {"grok": "real", "wavespeed": "real"}}
    found = await judge(knowing(real), line(check="prompt-queued"))
    assert (found.state, found.detail[:13]) == (State.PERSON, "Grok is real:")
    allowed = replace(knowing(real), options=Options(ask_grok=True))
    assert (await judge(allowed, line(check="prompt-queued"))).state is State.FAIL, "it was sent"


@dataclass
class Watched(Target):
    """A target whose Prometheus answers this, by the path's beginning."""

    answers: Mapping[str, Any] = field(default_factory=dict)

    async def prometheus(self, path: str) -> Any:
        return next(answer for start, answer in self.answers.items() if path.startswith(start))


async def test_series_and_alerts_are_judged_by_what_prometheus_has() -> None:
    rules = [{"name": "JobsFail", "health": "ok"}, {"name": "Ill", "health": "err"}]

    async def judged(check: str, name: str, **answers: Any) -> Finding:
        told = {
            "/api/v1/query": {"result": []},
            "/api/v1/metadata": {"promptmill_log_lines": []},
            "/api/v1/rules": {"groups": [{"rules": rules}]},
            "/api/v1/alertmanagers": {"activeAlertmanagers": [{"url": "http://127.0.0.1:9/api/v2/alerts"}]},
        } | {f"/api/v1/{path}": answer for path, answer in answers.items()}
        options = Options(prometheus="http://127.0.0.1:9090")
        watched = Watched(SETTINGS, Instance("http://127.0.0.1:9", None), options, None, answers=told)
        return await judge(watched, line(check=check, of=(name,)))

    data = {"result": [{"value": [0, "1"]}]}
    assert (await judged("series", "promptmill_log_lines_total", query=data)).state is State.PASS
    assert (await judged("series", "promptmill_log_lines_total")).state is State.PERSON, "known, without data"
    assert (await judged("series", "promptmill_nothing")).state is State.FAIL
    assert (await judged("alerts", "Unknown")).state is State.FAIL
    assert (await judged("alerts", "Ill")).state is State.FAIL
    assert (await judged("alerts", "JobsFail", alertmanagers={"activeAlertmanagers": []})).state is State.FAIL
    assert (await judged("alerts", "JobsFail")).state is State.PERSON, "nobody answers there"


@pytest.mark.parametrize(
    ("raised", "detail"),
    [
        (KeyError("temporal"), "unexpected KeyError: 'temporal'"),
        (TimeoutError(), "unexpected TimeoutError"),
        (
            OSError("postgresql://mill:sesame@db/mill key wsk-secret"),
            "unexpected OSError: postgresql://mill:***@db/mill",
        ),
    ],
)
async def test_an_error_that_nobody_expects_fails_its_line_alone_and_tells_no_secret(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, detail: str
) -> None:
    async def check(_: Target, __: Line) -> str:
        raise raised

    monkeypatch.setattr(run, "CHECKS", {"schema": check})
    settings = load_settings({"PROMPTMILL_ENV_FILE": "", "WAVESPEED_API_KEY": "wsk-secret"})
    found = await judge(replace(target(), settings=settings), line(check="schema"))
    assert (found.state, found.advice) == (State.FAIL, "Mend it.")
    assert found.detail.removesuffix(" key [WAVESPEED_API_KEY]") == detail


@dataclass
class Stubborn(Target):
    """A target that takes nothing back."""

    async def ask(self, _: str, path: str, __: object = None) -> Answer:
        if path.endswith("2"):
            raise ValueError("half an answer")
        raise Failed("no response")


async def test_what_cannot_be_undone_is_told_and_the_sheet_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = ["/api/jobs/1", "/api/jobs/2"]
    stubborn = Stubborn(SETTINGS, Instance("http://127.0.0.1:9", None), Options(), None, made=[*made])
    found = await judge(stubborn, line(check="undone"))
    assert (found.state, found.advice) == (State.FAIL, "Mend it.")
    assert found.detail == ("not undone: /api/jobs/2: unexpected ValueError: half an answer; /api/jobs/1: no response")
    with pytest.raises(Failed):
        await stubborn.make("/api/jobs", "jobId", {})
    assert "it may have made one with checklist=" in (await judge(stubborn, line(check="undone"))).detail

    # At the end of the command, when no line could say so any more: with nothing to connect to but closed ports.
    monkeypatch.setattr(target_module, "Target", stubborn_target)
    monkeypatch.setattr(command, "read_checklist", lambda: replace_lines(CHECKLIST, "3.3"))
    monkeypatch.setattr(command, "read_versions", no_versions)
    warned: list[str] = []
    sheet = await go_through(SETTINGS, "verify", Options(), Signers(), show=lambda _: None, warn=warned.append)
    assert [each.number for each in sheet.findings] == ["3.3"]
    assert warned == [
        "Not undone: /api/jobs/2: unexpected ValueError: half an answer",
        "Not undone: /api/jobs/1: no response",
    ]
    assert record_sheet(tmp_path / "sheet.md", sheet, CHECKLIST.sections).is_file()


def stubborn_target(*given: Any) -> Stubborn:
    opened = Stubborn(*given)
    opened.made += ["/api/jobs/1", "/api/jobs/2"]
    return opened


async def no_versions(_: Settings) -> Mapping[str, str]:
    return {}


def replace_lines(checklist: Checklist, *numbers: str) -> Checklist:
    return checklist._replace(lines=[each for each in checklist.lines if each.number in numbers])


def serve_once(answer: bytes) -> str:
    """Answer one connection with these bytes, close it, and return the address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening, listening.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        *(b"HTTP/1.1 %d Half\r\nContent-Length: 9\r\n\r\n{" % status for status in (200, 500)),
    ],
)
def test_half_an_answer_is_no_response(answer: bytes) -> None:
    url = serve_once(answer)
    with pytest.raises(Failed, match=rf"^no response from {url} \(.+\): check --prometheus$"):
        Instance(url, None, named_by="--prometheus").ask("GET", "/")


@pytest.mark.parametrize(("url", "key"), [("nowhere", None), ("http://127.0.0.1:9", "pm_first\nline")])
def test_an_address_or_a_key_that_http_cannot_carry_is_told_without_the_key(url: str, key: str | None) -> None:
    with pytest.raises(Failed, match=rf"^no response from {url} \(the address or the key is none that HTTP"):
        Instance(url, key).ask("GET", "/")


async def test_the_lines_of_a_job_are_looked_for_where_the_logs_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ARRIVES_SECONDS", 0.0)
    job = {"jobId": "01a2", "statuses": ["queued", "completed"]}
    knowing_job = Target(
        SETTINGS, Instance("http://127.0.0.1:9", None), Options(logs=tmp_path), None, _known={"logged job": job}
    )

    async def judged(check: str) -> tuple[State, str]:
        found = await judge(knowing_job, line(check=check))
        return found.state, found.detail

    def write(name: str, process: str, status: str) -> None:
        told = {"event": "job_changed", "job_id": "01a2", "process": process, "status": status}
        (tmp_path / name).write_text(f"no JSON about 01a2\n<13>api: {json.dumps(told)}\n")

    assert await judged("job-lines") == (
        State.FAIL,
        f"0 lines of 01a2 in {tmp_path}; no line says that it became queued, completed",
    )
    write("api.log", "api", "queued")
    assert (await judged("lines-together"))[1].endswith("no line of it was written by worker")
    (tmp_path / "old.log.gz").write_bytes(b"01a2")
    write("worker.log", "worker", "completed")
    assert await judged("job-lines") == (State.PASS, "2 lines of 01a2: queued → completed")
    assert await judged("lines-together") == (State.PASS, "2 lines of 01a2, of api and worker")
    assert (await judge(target(), line(check="job-lines"))).state is State.PERSON


async def test_a_version_that_cannot_be_asked_for_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_: Settings) -> None:
        raise TimeoutError

    monkeypatch.setattr(command, "connect", slow)
    versions = await read_versions(SETTINGS)
    assert {versions[name] for name in ("schema", "Postgres", "Temporal")} == {"unknown"}
