"""`promptmill models`, `schema` and `price`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from promptmill.cli.user.calling import AsJson, Profile, calling
from promptmill.cli.user.making import Inputs, Prompt
from promptmill.cli.user.orders import read_inputs, read_prompt
from promptmill.cli.user.telling import on_the_wire, print_json, print_table, print_text
from promptmill.formats import money

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

commands = typer.Typer()

Model = Annotated[str, typer.Argument(help="WaveSpeed's model, such as wavespeed-ai/flux-dev.", show_default=False)]


@commands.command()
def models(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only models that these words match.", show_default=False)
    ] = None,
    *,
    kind: Annotated[str | None, typer.Option(help="Only those that make this: image, video or audio.")] = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """List the models."""
    with calling(profile) as client:
        known = client.models.list()
    found = [
        model
        for model in known
        if (kind is None or model.kind == kind)
        and all(word.lower() in f"{model.model} {model.label} {model.task}".lower() for word in words or ())
    ]
    if as_json:
        print_json([on_the_wire(model) for model in found])
        return
    rows = (
        (model.model, str(model.kind), "" if model.base_price_usd is None else money(model.base_price_usd), model.label)
        for model in found
    )
    print_table(("MODEL", "KIND", "FROM", "NAME"), rows)


@commands.command()
def schema(model: Model, *, as_json: AsJson = False, profile: Profile = None) -> None:
    """Show what `-i` may give to a model."""
    with calling(profile) as client:
        found = client.models.get(model)
    if as_json:
        print_json(on_the_wire(found))
        return
    rows = [
        (
            field.name + ("*" if field.required else ""),
            str(field.type),
            "" if field.default is None else json.dumps(field.default),
            ", ".join(map(str, field.choices or ())) or _range(field.minimum, field.maximum),
            field.description or field.title,
        )
        for field in found.fields
    ]
    if found.pictures_field is not None:
        most = f"{found.max_pictures} at most"
        rows.append((found.pictures_field, "image", "", most, "URLs of images; @FILE uploads one."))
    print_table(("INPUT", "TYPE", "DEFAULT", "VALUES", "MEANING"), rows)


@commands.command()
def price(
    model: Model, *, prompt: Prompt = None, inputs: Inputs = None, as_json: AsJson = False, profile: Profile = None
) -> None:
    """Ask what a run would cost. Nothing is made."""
    from promptmill_client import AskPrice

    with calling(profile) as client:
        question = AskPrice(model=model, input=read_inputs(client, inputs or [], {}), prompt=read_prompt(prompt))
        found = client.prices.ask(question)
    if as_json:
        print_json(on_the_wire(found))
    else:
        print_text(found.text)


def _range(least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return ""
    return "..".join("" if end is None else f"{end:.10g}" for end in (least, most))
