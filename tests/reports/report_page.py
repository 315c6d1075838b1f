"""A report as a parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser

_EMPTY = {"meta", "img", "br", "col", "link", "input", "hr"}


class Page(HTMLParser):
    """Ids of sections, numbers of elements, and everything that would be fetched.

    headings: levels in their order. tables: for each whether it has a caption. pictures: the alt
    texts of images, and the labels of drawings that are not hidden from screen readers. unclosed:
    elements that are still open at the end, or were closed out of turn.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.elements: dict[str, int] = {}
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.tables: list[bool] = []
        self.pictures: list[str | None] = []
        self.unclosed: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = self.elements.get(tag, 0) + 1
        values = {name: value or "" for name, value in attrs}
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "section":
            self.sections.append(values["id"])
        if "id" in values:
            self.ids.append(values["id"])
        self._note_access(tag, values)
        for name in ("src", "href", "xlink:href"):
            link = values.get(name, "data:")
            if link.startswith("#"):
                self.links.append(link[1:])
            elif not link.startswith("data:"):
                self.fetched.append(link)

    def _note_access(self, tag: str, values: dict[str, str]) -> None:
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        elif tag == "table":
            self.tables.append(False)
        elif tag == "caption":
            self.tables[-1] = True
        elif tag == "img":
            self.pictures.append(values.get("alt"))
        elif tag == "svg" and "aria-hidden" not in values:
            self.pictures.append(values.get("aria-label"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unclosed.append(f"/{tag}")
