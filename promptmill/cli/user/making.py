"""`promptmill run`, `retry` and `prompt`: what costs money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from promptmill.cli.options import checked
from promptmill.cli.user.calling import AsJson, Profile, calling
from promptmill.cli.user.following import Wait, Within, finish, going_on, print_jobs, refuse_waiting_options, say_which
from promptmill.cli.user.orders import each_order, keys_of, read_inputs, read_prompt, usd
from promptmill.cli.user.saving import Download, place
from promptmill.cli.user.telling import note, on_the_wire, print_json, print_text

if TYPE_CHECKING:
    from promptmill_client import Client, Job

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

commands = typer.Typer()

MOST_AT_ONCE: Final = 100
"""Jobs of one line."""

Again = Annotated[bool, typer.Option("--again", help="Make new jobs even if this line was run within a day.")]
Prompt = Annotated[
    str | None, typer.Option("-p", "--prompt", help="The prompt; `-` reads it from standard input.", show_default=False)
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "-i", "--input", metavar="KEY=VALUE", help="An input of the model; KEY=@FILE uploads it.", show_default=False
    ),
]


@commands.command()
def run(
    model: Annotated[str, typer.Argument(help="WaveSpeed's model, such as wavespeed-ai/flux-dev.", show_default=False)],
    *,
    prompt: Prompt = None,
    inputs: Inputs = None,
    grok: Annotated[
        bool, typer.Option("--grok", help="Have Grok write the prompt; -p then says what it is about.")
    ] = False,
    repeat: Annotated[
        int, typer.Option(min=1, max=MOST_AT_ONCE, help="How many jobs; a given seed is counted up.")
    ] = 1,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="The most that all jobs together may cost at WaveSpeed.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key. Default: made of the line itself.")] = None,
    again: Again = False,
    wait: Wait = True,
    timeout: Within = None,
    download: Download = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Make pictures or videos. The same line finds its jobs again for a day and pays nothing twice: see --again."""
    from promptmill_client.messages import in_header, new_key

    if key is not None:
        checked(lambda text: in_header(text, "An idempotency key"), key, "--key")
    if key and again:
        raise typer.BadParameter("give --key or --again, not both", param_hint="--again")
    refuse_waiting_options(timeout, download, wait=wait)
    most = None if max_cost is None else usd(max_cost)
    where = None if download is None else checked(place, download, "--download")
    text = read_prompt(prompt)
    words = {"useAiPrompt": True, "instructions": text} if grok else {"prompt": text}
    with calling(profile) as client:
        uploads: dict[str, str] = {}
        given = read_inputs(client, inputs or [], uploads)
        orders = each_order({"model": model, "input": given, **words}, repeat, most)
        anew = new_key() if again else None
        jobs: list[Job] = []
        with going_on(jobs):
            _submit(client, orders, keys_of(orders, anew or key, uploads), jobs, anew)
        if wait:
            finish(client, jobs, timeout, where, as_json=as_json)
        if as_json:
            print_jobs(jobs)


@commands.command()
def retry(
    job_id: Annotated[UUID, typer.Argument(metavar="ID", help="A job that has ended.", show_default=False)],
    *,
    again: Again = False,
    wait: Wait = True,
    timeout: Within = None,
    download: Download = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Create an ended job again. One that may be billed is refused. The same line finds the new job for a day."""
    from promptmill_client.messages import new_key

    refuse_waiting_options(timeout, download, wait=wait)
    where = None if download is None else checked(place, download, "--download")
    [key] = keys_of([{"retry": str(job_id)}], new_key() if again else None, {})
    with calling(profile) as client:
        job = client.job(job_id).retry(idempotency_key=key)
        say_which(job)
        if wait:
            finish(client, [job], timeout, where, as_json=as_json)
        if as_json:
            print_jobs([job])


@commands.command()
def prompt(
    text: Annotated[
        str, typer.Argument(help="What it is about; `-` reads it from standard input.", show_default=False)
    ],
    *,
    model: Annotated[str | None, typer.Option(help="The model that gets the prompt.")] = None,
    style: Annotated[str | None, typer.Option(help="How Grok writes.")] = None,
    variants: Annotated[int, typer.Option(min=1, help="How many different prompts.")] = 1,
    again: Again = False,
    timeout: Within = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Have Grok write a prompt, or several, and print them, one a line. The same line finds them again for a day."""
    from promptmill_client import EnqueuePrompt
    from promptmill_client.flows import written
    from promptmill_client.messages import new_key

    fields = {"instructions": read_prompt(text), "targetModel": model, "style": style, "wantedVariants": variants}
    question = _given(fields)
    [key] = keys_of([question], new_key() if again else None, {})
    with calling(profile) as client:
        asked = client.prompts.submit(EnqueuePrompt.model_validate(question), idempotency_key=key)
        note(f"prompt job {asked.prompt_job_id}")
        found = written(client.prompts.wait(asked.prompt_job_id, timeout))
        if as_json:
            print_json(on_the_wire(found))
        else:
            for variant in found.variants:
                print_text(variant.prompt)


def _submit(
    client: Client, orders: Sequence[Mapping[str, Any]], keys: Sequence[str], jobs: list[Job], anew: str | None
) -> None:
    """Create the jobs, each noted in `jobs` at once: if one is refused, those before it go on."""
    from promptmill_client import CreateJob, Unreachable

    for order, key in zip(orders, keys, strict=True):
        try:
            jobs.append(client.submit(CreateJob.model_validate(_given(order)), idempotency_key=key))
        except Unreachable:
            finds = f"with --key {anew} instead of --again" if anew else "again"
            note(f"It may have been accepted all the same: the same line {finds} finds it.")
            raise
        say_which(jobs[-1])


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
