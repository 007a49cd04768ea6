"""The ``kodeweb`` command: arguments in, exit code out.

Every mistake of a user ends here as one sentence on standard error and exit code 2. The commands
themselves live in ``kodeweb.cli.commands``, which needs a configured Django and is therefore
loaded only after ``boot`` has run.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from kodeweb.cli import boot
from kodeweb.cli.process_list import hide_passwords
from kodeweb.cli.target import Target, UserError, find_target
from kodeweb.cli.tool_arguments import TOOLS, add_tools
from kodeweb.env import EnvError, integer, text
from kodeweb.home import HomeError
from kodeweb.logs import escape_control

__all__ = ["main"]

_USER_MISTAKE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    hide_passwords()
    try:
        return _run(_parser().parse_args(argv))
    except (UserError, HomeError, EnvError) as exc:
        print(f"kodeweb: {escape_control(str(exc))}", file=sys.stderr)
        return _USER_MISTAKE
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    """Prepare what the command needs, then hand over to it."""
    target: Target | None = None
    if arguments.command == "open":
        target = find_target(arguments.path, arguments.files)
    listener = None
    if "port" in arguments:
        listener = boot.bind(arguments.host, arguments.port)
    boot.start_django()
    if arguments.command in TOOLS:
        return int(import_module("kodeweb.cli.tools").run(arguments))
    commands = import_module("kodeweb.cli.commands")
    if arguments.command == "open":
        return int(commands.open_store(listener, target, arguments))
    if arguments.command == "user":
        return int(commands.user(arguments))
    if arguments.command == "login-link":
        return int(commands.login_link(arguments.user))
    run = commands.demo if arguments.command == "demo" else commands.serve
    return int(run(listener, arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kodeweb", description="Read what agents built with the KODE SDK did and stored."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    opening = commands.add_parser("open", help="register a store and serve it")
    opening.add_argument(
        "path",
        nargs="?",
        help="SQLite file, JSON folder or postgres:// address; without it the SDK's variables "
        "are read",
    )
    opening.add_argument(
        "--files", type=Path, metavar="DIR", help="folder of the file half (events, todos)"
    )
    opening.add_argument(
        "--replica",
        default="",
        metavar="URL",
        help="postgres:// address of a read replica that pages are read from; none forgets it",
    )
    opening.add_argument("--name", default="", help="name of the store in kodeweb")
    _add_serving(opening)
    _add_serving(commands.add_parser("serve", help="serve the stores that are registered"))
    _add_serving(commands.add_parser("demo", help="make a sample store and serve it"))
    add_tools(commands)
    link = commands.add_parser("login-link", help="print a link that signs in once")
    link.add_argument("--user", default="", metavar="NAME", help="default: the first admin")
    _add_user_commands(commands.add_parser("user", help="list and add users"))
    return parser


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=text("KODEWEB_HOST", "127.0.0.1"))
    parser.add_argument(
        "--port",
        type=int,
        default=integer("KODEWEB_PORT", 8710, low=0, high=65535),
        help="default 8710; 0 takes any free port",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--insecure-i-understand",
        action="store_true",
        help="listen beyond this machine without an admin who has a password",
    )


def _add_user_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="user_command", required=True, metavar="COMMAND")
    adding = commands.add_parser("add", help="add a user, or change a user's role and password")
    adding.add_argument("name")
    adding.add_argument("--role", choices=("viewer", "operator", "admin"), default="viewer")
    adding.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    commands.add_parser("list", help="list users and their roles")
