# ruff: noqa: ASYNC240, DTZ005, TID251 - that is what must be refused
"""Workflows that are broken on purpose: each depends on something that a replay would find different."""

from __future__ import annotations

import random
import time
import uuid
from datetime import datetime
from pathlib import Path

from temporalio import workflow


@workflow.defn
class ReadsTheClock:
    @workflow.run
    async def run(self) -> str:
        return str(datetime.now())


@workflow.defn
class ReadsTheTime:
    @workflow.run
    async def run(self) -> str:
        return str(time.time())


@workflow.defn
class ThrowsDice:
    @workflow.run
    async def run(self) -> str:
        return str(random.random())


@workflow.defn
class DrawsAnId:
    @workflow.run
    async def run(self) -> str:
        return str(uuid.uuid4())


@workflow.defn
class ReadsAFile:
    @workflow.run
    async def run(self) -> str:
        return Path(__file__).read_text()


BROKEN = (ReadsTheClock, ReadsTheTime, ThrowsDice, DrawsAnId, ReadsAFile)
