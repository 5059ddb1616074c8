"""Ctrl-C, pressed more often than needed."""

from __future__ import annotations

import signal

import pytest

from promptmill.local import interrupts
from promptmill.local.interrupts import Interrupts


def test_who_goes_on_pressing_does_not_interrupt_the_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "AGAIN_AFTER_SECONDS", -1.0)
    kills = []

    def kill_everything() -> None:
        kills.append("begun")
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        kills.append("ended")

    before = signal.getsignal(signal.SIGINT)
    with Interrupts(at_once=kill_everything).handling():
        signal.raise_signal(signal.SIGINT)
        assert kills == [], "the first one asks to stop"
        signal.raise_signal(signal.SIGINT)

    assert kills == ["begun", "ended"]
    assert signal.getsignal(signal.SIGINT) is before
