"""`dustwatch schema`: print the JSON Schema of a record or a configuration file."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print the JSON Schema of NAME; without a name, the names there are.

    \b
    Example: dustwatch schema config-sites > sites.schema.json
    """
    from deploy.schemas import names, schema_of
    from ingest.strict_yaml import did_you_mean

    if name is None:
        click.echo("\n".join(names()))
        return
    if name not in names():
        hint = did_you_mean(name, names()) or f"; known are {', '.join(names())}"
        raise click.UsageError(f"no schema `{name}`{hint}")
    click.echo(json.dumps(schema_of(name), ensure_ascii=False, indent=2))
