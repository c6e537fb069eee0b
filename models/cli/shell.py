"""What all commands share: the lazy group, the options after any command, errors to exit codes.

Exit codes: 0 done; 1 the question has a negative answer, or a bug of ours, which says so; 2 wrong
usage, an unknown name on the command line among it; 3 bad input in a file; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import codecs
import errno
import importlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from routes.errors import (
    DataError,
    InternalError,
    KazroutesError,
    NoRouteError,
    ScenarioError,
    UnknownNameError,
    UsageError,
    nearest_names,
    suggest,
)

DONE, NEGATIVE, WRONG_USAGE, BAD_INPUT, STOPPED = 0, 1, 2, 3, 130
STDOUT = "Standard output"
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Packages that come with an extra, and the extra.
EXTRAS = {
    "SALib": "uncertainty", "joblib": "uncertainty", "pyarrow": "uncertainty",
    "sklearn": "uncertainty", "dask": "cluster", "distributed": "cluster", "openpyxl": "excel",
    "pyogrio": "gis", "shapely": "gis", "ipywidgets": "notebook", "nbclient": "notebook",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Common:
    """The options that come after any command."""

    data: str | None = None
    overlays: tuple[str, ...] = ()
    form: Literal["table", "json", "csv"] = "table"


@dataclass(slots=True)
class _State:
    debug: bool = False


class Family(click.Group):
    """A command with subcommands, such as `kazroutes data`."""

    def __init__(self, name: str, summary: str, **more: Any) -> None:
        super().__init__(
            name, help=summary, invoke_without_command=True, callback=_show_help, **more
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order they were written."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the nearest known ones."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-"):
            near = nearest_names(name, names)
            known = "" if near else f" Commands are {', '.join(names)}."
            raise click.UsageError(f"No command is called '{name}'.{suggest(near)}{known}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(Family):
    """A group that knows its commands by a static table and imports one when it is used."""

    def __init__(self, name: str, table: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(
            name,
            "What each way out of Kazakhstan carries, costs, and how dependent on transit "
            "countries it leaves the country.",
            epilog="\b\nExamples:\n  kazroutes compare\n  kazroutes run russia-closed --json\n"
            "  kazroutes COMMAND --help",
            params=[_version_option()],
        )
        self.table = dict(table)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and hand over the command."""
        del ctx
        if cmd_name not in self.table:
            return None
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and help lines from the table, without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])


class Command(click.Command):
    """A command that takes --data, --overlay, --json, --csv and --debug as one `common`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Gather the common options, then call the function."""
        values = ctx.params
        as_json, as_csv = values.pop("as_json"), values.pop("as_csv")
        if as_json and as_csv:
            raise click.UsageError("--json and --csv cannot be used together.", ctx)
        values["common"] = Common(
            data=values.pop("data"),
            overlays=values.pop("overlay"),
            form="json" if as_json else "csv" if as_csv else "table",
        )
        written = {"--out", "--output"}
        target = next((values[o.name] for o in self.params if o.name and written & set(o.opts)), "")
        with naming(str(target or "")):
            return super().invoke(ctx)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Let a full disk say what was being written, where the system names no file."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL and error.filename is None and what:
            error.filename = what
        raise


def command(
    name: str, *, example: str, family: click.Group | None = None
) -> Callable[[Callable[..., Any]], Command]:
    r"""Make a command of a function that takes `common` among its keywords.

    The function's docstring is the help, where a line of `\b` keeps the lines after it as they
    are; `example` is its last lines; a `family` takes it in.
    """

    def decorate(function: Callable[..., Any]) -> Command:
        lines = "".join(f"\n  {line}" for line in example.splitlines())
        summary = (function.__doc__ or "").replace("\\b\n", "\b\n")
        epilog = f"\b\nExample:{lines}"
        made = click.command(name, cls=Command, help=summary, epilog=epilog)(function)
        if family is not None:
            family.add_command(made)
        return made

    return decorate


def run_group(group: click.Group, arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name and return the exit code. Prints every error."""
    state = _State()
    if not _open_streams():
        print_error(f"{STDOUT} is closed: open it, or send it to a file with > FILE.")
        return WRONG_USAGE
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            with naming(STDOUT):
                code = group.main(list(arguments), "kazroutes", standalone_mode=False, obj=state)
                sys.stdout.flush()
        except BaseException as error:
            if state.debug and not isinstance(error, click.ClickException | BrokenPipeError):
                raise
            return report_error(error)
    return code if isinstance(code, int) else DONE


def _open_streams() -> bool:
    """Make both streams take any text, whatever the locale. False where nothing can be printed.

    In a locale of ASCII they write UTF-8, as click does; elsewhere what cannot be written is
    escaped.
    """
    if sys.stderr is None:  # closed by the caller: nobody wants to read messages
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (to the end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            plain = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if plain else None, errors="backslashreplace")
    return sys.stdout is not None


def report_error(error: BaseException) -> int:
    """Print what went wrong, one line a problem, and say which exit code it means."""
    if isinstance(error, BrokenPipeError) or getattr(error, "errno", None) == errno.EPIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads on: say nothing, at exit too
        return NEGATIVE
    if isinstance(error, KeyboardInterrupt | click.Abort):
        print_error("Stopped.")
        return STOPPED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else NEGATIVE
    lines, code = explain_error(error)
    for line in lines:
        print_error(line)
    return code


def explain_error(error: BaseException) -> tuple[list[str], int]:
    """The lines that tell a person what went wrong, and the exit code: the one place for both."""
    match error:
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "kazroutes"
            return [f"{error.format_message()} Try '{path} --help'."], WRONG_USAGE
        case click.ClickException():
            return [error.format_message()], WRONG_USAGE
        case UsageError() | UnknownNameError():
            return [str(error)], WRONG_USAGE
        case DataError() | ScenarioError():
            return [str(problem) for problem in error.problems], BAD_INPUT
        case InternalError():
            return [f"This is a bug in kazroutes, no result is printed: {error}"], NEGATIVE
        case NoRouteError() | KazroutesError():
            return [str(error)], NEGATIVE
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] in EXTRAS:
            package = name.partition(".")[0]
            extra = f"pip install 'kazroutes[{EXTRAS[package]}]'"
            return [f"This needs the package {package}: {extra}"], WRONG_USAGE
        case OSError(filename=str(name), strerror=str(why)):
            remedy = " Make room and try again, or write elsewhere." if error.errno in _FULL else ""
            return [f"{name}: {why}.{remedy}"], NEGATIVE
        case OSError() | MemoryError():
            return [f"{str(error) or 'Out of memory'}."], NEGATIVE
        case _:
            what = f"{type(error).__name__}: {error}"
            return [f"This is a bug in kazroutes: {what}. --debug shows where."], NEGATIVE


def print_error(text: str) -> None:
    """Print one line to stderr, red on a terminal that wants colour."""
    line = "".join(c if c.isprintable() else " " for c in text)
    click.echo(click.style(line, fg="red") if _wants_colour() else line, err=True)


def print_message(text: str) -> None:
    """Print a message that is no result to stderr."""
    click.echo(text, err=True)


def _wants_colour() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
    del args, kwargs
    print_message(f"Warning: {message}")


def _show_help() -> None:
    context = click.get_current_context()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def _version_option() -> click.Option:
    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_version,
        help="Show the version and stop.",
    )


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"kazroutes {version('kazroutes')}")
        except PackageNotFoundError:
            click.echo("kazroutes, version unknown: it is not installed")
        ctx.exit()


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    state = ctx.find_object(_State)
    if state is not None:
        state.debug = state.debug or value


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--data"],
            type=click.Path(exists=True),
            metavar="DIR",
            help="Tables to use instead of the shipped ones: a folder, a GMNS folder, an .xlsx.",
        ),
        click.Option(
            ["--overlay"],
            type=click.Path(exists=True, file_okay=False),
            metavar="DIR",
            multiple=True,
            help="Tables whose rows change or add to the data; may be repeated, later ones win.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object."),
        click.Option(["--csv", "as_csv"], is_flag=True, help="Print the main table as CSV."),
        click.Option(
            ["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_debug,
            help="Show where an error arose.",
        ),
    ]
