"""Reading pages in tests: text, links, rows and fields instead of whole HTML strings."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

__all__ = ["Element", "Markup"]

_VOID = {"input", "meta", "link", "br", "hr", "img", "use"}


@dataclass
class Element:
    """One element with its attributes, parts and text."""

    tag: str
    attrs: dict[str, str]
    parts: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the visible text, blanks folded."""
        words = "".join(part if isinstance(part, str) else part.text for part in self.parts)
        return " ".join(words.split())

    def all(self, tag: str = "", **attrs: str) -> list["Element"]:
        """Return the elements below with this tag and these attribute values, in order."""
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                named = {name.replace("_", "-"): value for name, value in attrs.items()}
                fits = all(part.attrs.get(name) == value for name, value in named.items())
                if fits and tag in ("", part.tag):
                    found.append(part)
                found += part.all(tag, **attrs)
        return found

    def one(self, tag: str = "", **attrs: str) -> "Element":
        """Return the only such element."""
        found = self.all(tag, **attrs)
        assert len(found) == 1, f"{len(found)} of {tag} {attrs}"
        return found[0]

    def link(self, words: str) -> str:
        """Return the address of the link with these words."""
        hits = [a for a in self.all("a") if words in (a.text, a.attrs.get("aria-label"))]
        assert hits, f"no link {words!r} among {[a.text for a in self.all('a')]}"
        return hits[0].attrs["href"]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.stack = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].parts.append(element)
        if tag not in _VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].parts.append(data)


class Markup(Element):
    """A response as elements; unbalanced markup fails at once."""

    def __init__(self, response: Any) -> None:
        parser = _Parser()
        self.response = response
        self.source = response.content.decode()
        parser.feed(self.source)
        parser.close()
        assert parser.stack == [parser.root], "an element is not closed"
        super().__init__("", {}, parser.root.parts)

    @property
    def is_page(self) -> bool:
        """Return whether this is a whole page."""
        return bool(self.all("html"))

    @property
    def rows(self) -> list[list[str]]:
        """Return the texts of the table's cells, row by row."""
        bodies = self.all("tbody")
        return [
            [cell.text for cell in row.parts if isinstance(cell, Element)]
            for body in bodies
            for row in body.all("tr")
        ]

    def column(self, title: str) -> list[str]:
        """Return one column's cells by its head."""
        heads = [head.text for head in self.all("th", scope="col")]
        return [row[heads.index(title)] for row in self.rows]
