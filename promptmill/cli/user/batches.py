"""`promptmill batch`: tables of jobs made with one template."""

from __future__ import annotations

import hashlib
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from promptmill.cli.user.approving import have_approved, proposed_by, proposed_lines, read_lines, taken
from promptmill.cli.user.batch_following import counted, finish, sentence
from promptmill.cli.user.batch_orders import asked_prompts, made_template, read_table, tell_faults
from promptmill.cli.user.calling import USAGE, AsJson, Profile, calling
from promptmill.cli.user.following import Wait, Within, refuse_waiting_options
from promptmill.cli.user.making import Again, Inputs, Prompt
from promptmill.cli.user.orders import keys_of, usd
from promptmill.cli.user.saving import tell_saved
from promptmill.cli.user.telling import note, on_the_wire, print_json, print_table, print_text
from promptmill.formats import money

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

commands = typer.Typer()
batch = typer.Typer(no_args_is_help=True, help="Tables of jobs: a row each, made with one template.")
commands.add_typer(batch, name="batch")

SHOWN: Final = 20
"""Rows without outputs that are shown of a batch."""

Table = Annotated[
    Path | None,
    typer.Argument(
        help="CSV or JSONL with columns such as prompt, image, seed; `-` for standard input.", show_default=False
    ),
]
Model = Annotated[str | None, typer.Option("-m", "--model", help="The model of all rows.", show_default=False)]
BatchId = Annotated[UUID, typer.Argument(metavar="ID", help="The batch's id.", show_default=False)]
Grok = Annotated[bool, typer.Option("--grok", help="Have Grok write the prompts; -p then says what they are about.")]
Variants = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=20,
        metavar="N",
        help="Grok proposes N prompts for what -p says; each row is made with each that you approve. Needs no table.",
        show_default=False,
    ),
]
Template = Annotated[
    Path | None, typer.Option(help="The template as JSON, instead of -m, -p, -i and --grok.", show_default=False)
]


@batch.command()
def plan(
    table: Table = None,
    *,
    model: Model = None,
    prompt: Prompt = None,
    inputs: Inputs = None,
    grok: Grok = False,
    variants: Variants = None,
    template: Template = None,
    max_cost: Annotated[str | None, typer.Option(metavar="USD", help="Say how many rows this is enough for.")] = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Check a table and say what it would cost; {{column}} in texts is filled in. Exits with 2 if it has faults."""
    from promptmill_client import PlanBatch

    most = {} if max_cost is None else {"maxCostUsd": float(usd(max_cost))}
    content, asked = read_table(table, variants), asked_prompts(variants)
    with calling(profile) as client:
        grok = grok or bool(asked)
        filled = made_template(client, template, model=model, prompt=prompt, inputs=inputs, grok=grok, uploads={})
        found = client.batches.plan(PlanBatch.model_validate({"template": filled, **asked, **most}), file=content)
    if as_json:
        print_json(on_the_wire(found))
    else:
        tell_faults(found.faults, sys.stdout)
        for line in (*found.warnings, found.cost.text, found.duration.text):
            print_text(line)
        note(f"{found.rows:,} rows, {found.faulty_rows:,} of them with faults")
    if found.fault_count:
        raise typer.Exit(USAGE)


@batch.command()
def run(
    table: Table = None,
    *,
    max_cost: Annotated[str, typer.Option(metavar="USD", help="What all of it may cost together.", show_default=False)],
    model: Model = None,
    prompt: Prompt = None,
    inputs: Inputs = None,
    grok: Grok = False,
    variants: Variants = None,
    template: Template = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    max_open: Annotated[int | None, typer.Option(min=1, help="How many jobs at once.")] = None,
    stop_after_failures: Annotated[
        int | None, typer.Option(min=1, help="Pause it once this many rows have failed.")
    ] = None,
    skip_faulty: Annotated[bool, typer.Option("--skip-faulty", help="Make the other rows anyway.")] = False,
    key: Annotated[str | None, typer.Option(help="The batch's key: if it is known, only new rows are added.")] = None,
    again: Again = False,
    wait: Wait = True,
    timeout: Within = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Make a table of jobs within a budget.

    The same template and table find their batch again, and nothing is paid twice. With --variants it asks in a terminal
    which prompts are made; elsewhere `batch approve` says so.
    """
    from promptmill_client import CreateBatch
    from promptmill_client.messages import new_key

    refuse_waiting_options(timeout, None, wait=wait)
    if key and again:
        raise typer.BadParameter("give --key or --again, not both", param_hint="--again")
    options = {
        "maxCostUsd": float(usd(max_cost)),
        "name": name,
        "maxOpen": max_open,
        "stopAfterFailures": stop_after_failures,
        "skipFaulty": skip_faulty or None,
    }
    content, asked = read_table(table, variants), asked_prompts(variants)
    with calling(profile) as client:
        uploads: dict[str, str] = {}
        grok = grok or bool(asked)
        filled = made_template(client, template, model=model, prompt=prompt, inputs=inputs, grok=grok, uploads=uploads)
        meaning = {"template": filled, "table": hashlib.sha256(content or b"").hexdigest(), **asked}
        [used] = keys_of([meaning], new_key() if again else key, uploads)
        given = {name: value for name, value in options.items() if value is not None}
        order = CreateBatch.model_validate({"template": filled, **asked, **given})
        made = client.batches.submit(order, file=content, idempotency_key=used)
        note(f"batch {made.id}")
        if made.created is not None:
            tell_faults(made.created.faults, sys.stderr)
            note(f"{made.answer.rows:,} rows, {made.created.added_rows:,} of them new")
        if wait:
            if variants is not None:
                have_approved(made, timeout)
            finish(made, timeout, as_json=as_json)
        if as_json:
            print_json(on_the_wire(made.answer))


@batch.command("list")
def list_batches(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """List batches, newest first."""
    with calling(profile) as client:
        found = list(islice(client.batches.list(limit=min(limit, 100)), limit))
    if as_json:
        print_json([on_the_wire(each) for each in found])
        return
    rows = (
        (str(each.batch_id), str(each.state), money(each.spent_usd), each.name or "", counted(each)) for each in found
    )
    print_table(("ID", "STATE", "SPENT", "NAME", "ROWS"), rows)


@batch.command()
def show(batch_id: BatchId, *, as_json: AsJson = False, profile: Profile = None) -> None:
    """Show how a batch stands, and which of its rows failed."""
    with calling(profile) as client:
        found = client.batches.get(batch_id)
        if as_json:
            print_json(on_the_wire(found.answer))
            return
        print_text(sentence(found.answer))
        for line in proposed_lines(found.answer):
            print_text(line)
        failed = list(islice(found.rows(state=["failed", "unclear", "faulty"], limit=SHOWN), SHOWN))
    if failed:
        rows = ((str(row.number), row.key, str(row.state), row.error.message if row.error else "") for row in failed)
        print_table(("ROW", "KEY", "STATE", "WHY"), rows)


@batch.command()
def watch(batch_id: BatchId, *, timeout: Within = None, as_json: AsJson = False, profile: Profile = None) -> None:
    """Wait until a batch has ended, is paused, or wants prompts approved."""
    with calling(profile) as client:
        finish(client.batches.get(batch_id), timeout, as_json=as_json)


@batch.command()
def approve(
    batch_id: BatchId,
    *,
    take: Annotated[
        str | None, typer.Option(metavar="1,3", help="Those of the proposed prompts, or `all`.", show_default=False)
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="Others: a file with one on each line; `-` for standard input.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Make a batch with prompts that Grok proposed, or with your own. Nothing is made before."""
    if (take is None) == (prompts is None):
        raise typer.BadParameter("give --take or --prompts", param_hint="--take")
    own = () if prompts is None else read_lines(prompts)
    with calling(profile) as client:
        found = client.batches.get(batch_id)
        found.approve(own if take is None else taken(take, proposed_by(found)))
        if as_json:
            print_json(on_the_wire(found.answer))
        else:
            print_text(sentence(found.answer))


@batch.command()
def pause(batch_id: BatchId, *, profile: Profile = None) -> None:
    """Pause a batch: nothing more of it is submitted."""
    with calling(profile) as client:
        print_text(sentence(client.batches.get(batch_id).pause().answer))


@batch.command()
def resume(
    batch_id: BatchId,
    *,
    max_cost: Annotated[str | None, typer.Option(metavar="USD", help="Set its budget to this first.")] = None,
    profile: Profile = None,
) -> None:
    """Resume a paused batch."""
    most = None if max_cost is None else float(usd(max_cost))
    with calling(profile) as client:
        found = client.batches.get(batch_id)
        if most is not None:
            found.change(max_cost_usd=most)
        print_text(sentence(found.resume().answer))


@batch.command()
def cancel(
    batch_id: BatchId,
    *,
    open_jobs: Annotated[bool, typer.Option("--open-jobs", help="Cancel its open jobs as well.")] = False,
    profile: Profile = None,
) -> None:
    """Cancel the waiting rows of a batch."""
    with calling(profile) as client:
        print_text(sentence(client.batches.get(batch_id).cancel(open_jobs=open_jobs).answer))


@batch.command("retry-failed")
def retry_failed(batch_id: BatchId, *, profile: Profile = None) -> None:
    """Retry the failed rows of a batch, within its budget; never one that is unclear."""
    with calling(profile) as client:
        found = client.batches.get(batch_id)
        print_text(f"{found.retry_failed():,} rows are tried again. {sentence(found.answer)}")


@batch.command()
def results(
    batch_id: BatchId,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Where to save them: JSON lines if it ends with .jsonl, otherwise CSV.", show_default=False
        ),
    ] = None,
    *,
    profile: Profile = None,
) -> None:
    """Save the rows of a batch with their results, as CSV or JSON lines. Nothing is overwritten."""
    path = file or Path(f"batch-{batch_id}.csv")
    with calling(profile) as client:
        tell_saved(client.batches.get(batch_id).results(path, "jsonl" if path.suffix == ".jsonl" else "csv"))
