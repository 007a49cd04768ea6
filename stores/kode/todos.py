"""The todo list of a session, as the SDK keeps it in ``runtime/todos.json``."""

from dataclasses import dataclass, replace
from typing import Any, Final

from stores.browse.json_text import to_text

__all__ = ["Todo", "TodoList", "todo_list"]

_MAX_TODOS: Final = 500
_MAX_TODO_TEXT: Final = 4000


@dataclass(frozen=True)
class Todo:
    """One entry of a todo list."""

    id: str
    title: str
    status: str
    assignee: str = ""
    notes: str = ""
    created_at: int | None = None
    updated_at: int | None = None


@dataclass(frozen=True)
class TodoList:
    """The todo list of a session as it is now; ``problem`` says why it could not be read."""

    todos: tuple[Todo, ...] = ()
    version: int | None = None
    updated_at: int | None = None
    problem: str = ""


def todo_list(value: Any) -> TodoList:
    """Return the list that decoded JSON holds; what has the wrong shape is a problem."""
    todos = value.get("todos") if isinstance(value, dict) else None
    if not isinstance(todos, list):
        return TodoList(problem="todos.json has the wrong shape")
    good = [_todo(item) for item in todos[:_MAX_TODOS] if isinstance(item, dict)]
    found = TodoList(tuple(good), _integer(value.get("version")), _integer(value.get("updatedAt")))
    is_whole = len(good) == len(todos)
    return found if is_whole else replace(found, problem="some todos could not be read")


def _todo(item: dict[str, Any]) -> Todo:
    names = ("id", "title", "status", "assignee", "notes")
    texts = {name: to_text(item.get(name))[0][:_MAX_TODO_TEXT] for name in names}
    return Todo(
        **texts,
        created_at=_integer(item.get("createdAt")),
        updated_at=_integer(item.get("updatedAt")),
    )


def _integer(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 53 else None
