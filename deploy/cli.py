"""The program `dustwatch`: finds the command's module, and turns known failures into exit codes.

Exit 0 done, 1 it found something wrong, 2 wrong usage or configuration, 3 a server is missing.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback
from importlib.resources import files
from types import TracebackType

import click

from ingest.addresses import without_secrets

COMMANDS = files("deploy.commands")


def first_lines() -> dict[str, str]:
    """Each command with its line of help, from the first line of its module in `deploy.commands`.

    A module is imported only when its command is called, so that `dustwatch --help` answers at once.
    """
    found = {}
    for file in sorted(COMMANDS.iterdir(), key=lambda entry: entry.name):
        name, dot, ending = file.name.partition(".")
        if (dot + ending) == ".py" and not name.startswith("_"):
            with file.open(encoding="utf-8") as lines:
                said = next(lines).strip().strip('"').partition(": ")[2]
            found[name] = said[:1].upper() + said[1:]
    return found


class Program(click.Group):
    """The group of all commands, each in `deploy.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(first_lines())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (
            not cmd_name.isidentifier()
            or cmd_name.startswith("_")
            or not (COMMANDS / f"{cmd_name}.py").is_file()
        ):
            return None
        command = importlib.import_module(f"deploy.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(first_lines().items()))


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dustwatch")
def program() -> None:
    """Dust-source monitoring: readings in, verdicts, cases and messages out.

    Begin with `dustwatch demo --for 90s`.
    """


def main() -> None:
    """Entry point of the program."""
    # What a library says of a failure, we say in words of our own; `run` configures its own log.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.excepthook = _unexpected
    try:
        # Without standalone mode click hands back the code of `ctx.exit(code)`.
        ended = program(standalone_mode=False)
        sys.exit(ended if isinstance(ended, int) else 0)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.message = without_secrets(wrong.message)
        wrong.show()
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        # brings the clients of all servers: no command that goes well waits for them
        from deploy.errors import exit_code_of, words_of

        code = exit_code_of(error)
        if code is None:
            raise
        click.echo(without_secrets(words_of(error)), err=True)
        sys.exit(code)


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours keeps its trace, in which an address may stand."""
    click.echo(without_secrets("".join(traceback.format_exception(kind, error, trace))), err=True, nl=False)


if __name__ == "__main__":
    main()
