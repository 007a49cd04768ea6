"""The arguments of the commands that work on whole stores."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

__all__ = ["TOOLS", "add_tools"]

TOOLS: Final = ("migrate", "backup", "restore", "prune", "check")
_STORE: Final = "name of a registered store, SQLite file, folder of JSON, or postgres:// address"

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_tools(commands: "Commands") -> None:
    """Add the five commands to a parser."""
    _add_migrate(commands.add_parser("migrate", help="copy sessions from one store to another"))
    _add_backup(commands.add_parser("backup", help="write a store whole into an archive"))
    _add_restore(commands.add_parser("restore", help="make a new store of an archive"))
    _add_prune(commands.add_parser("prune", help="delete sessions that nobody works on any more"))
    _add_check(commands.add_parser("check", help="look for what does not fit in a store"))


def _add_migrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help=_STORE)
    parser.add_argument("target", metavar="TARGET", help=f"{_STORE}; made when it is not there")
    parser.add_argument("--source-files", type=Path, metavar="DIR", help="the source's file half")
    parser.add_argument("--target-files", type=Path, metavar="DIR", help="the target's file half")
    parser.add_argument(
        "--agents", default="*", metavar="PATTERN", help="only ids that fit, such as 'agt-01M*'"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be copied")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report in JSON")


def _add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE", help=_STORE)
    parser.add_argument("destination", type=Path, metavar="DEST", help="folder to make")
    _add_files(parser)


def _add_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("archive", type=Path, metavar="BACKUP", help="folder of kodeweb backup")
    parser.add_argument("target", metavar="TARGET", help="where the new store is to be")
    _add_files(parser)


def _add_prune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE", help=_STORE)
    parser.add_argument(
        "--older-than", required=True, metavar="AGE", help="time without activity: 36h, 90d, 12w"
    )
    parser.add_argument("--template", metavar="T", help="only sessions of this template")
    parser.add_argument("--with-forks", action="store_true", help="old forks as well")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    _add_files(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE", help=_STORE)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    _add_files(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--files", type=Path, metavar="DIR", help="folder of the file half")
