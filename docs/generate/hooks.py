"""Hooks of the site: pages beside `docs`, links out of it, and what is made of the code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cards import cards
from commands import commands
from public_names import public_names
from recipe_keys import recipe_keys
from variables import variables

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": "start.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "examples/README.md": "gallery.md",
}
"""Pages of the repository outside `docs` → where they stand on the site."""
MADE = {
    "cards": cards,
    "commands": commands,
    "public names": public_names,
    "recipe keys": recipe_keys,
    "variables": variables,
}
"""Word in `<!-- made of the code: WORD -->` → what writes the Markdown in its place."""

_MARK = re.compile(r"^<!-- made of the code: ([a-z ]+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
_TITLES = {"start.md": "# First steps"}  # the home page is called nephoscope


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside `docs`, and the files that pages link to."""
    from mkdocs.structure.files import File

    for source, uri in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / source).read_text()))
    pages = [_source(file.src_uri) for file in files.documentation_pages()]
    for linked in sorted({path for page in pages for path in _linked(page)}):
        if not linked.startswith("docs/") and linked not in PAGES:
            files.append(File.generated(config, f"files/{linked}", abs_src_path=str(ROOT / linked)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with links that lead somewhere on the site, and with what is made of the code."""
    uri = page.file.src_uri
    text = _LINK.sub(lambda found: _on_site(found[1], uri), markdown)
    if uri in _TITLES:
        text = re.sub(r"^# .*$", _TITLES[uri], text, count=1, flags=re.MULTILINE)
    text = _MARK.sub(lambda found: MADE[found[1]](), text)
    return text if uri == "glossary.md" else f"{text}\n\n{_abbreviations()}\n"


def _abbreviations() -> str:
    """Terms of the glossary that are shown where a reader points at them, as mkdocs reads them."""
    field = (ROOT / "docs" / "glossary.md").read_text().partition("## Of the field\n")[2]
    rows = re.findall(r"^\| ([A-Z]\w*[A-Z0-9]\w*) \| (.+) \|$", field, re.MULTILINE)
    return "\n".join(f"*[{term}]: {meaning}" for term, meaning in rows)


def _source(uri: str) -> str:
    """Path of a page in the repository."""
    return next((source for source, to in PAGES.items() if to == uri), f"docs/{uri}")


def _linked(page: str) -> Iterator[str]:
    """Files of the repository to which a page links."""
    for found in _LINK.finditer((ROOT / page).read_text()):
        yield os.path.normpath(f"{Path(page).parent}/{found[1]}")


def _on_site(target: str, uri: str) -> str:
    """A link as it must be on the site; one that leads nowhere stays, and mkdocs warns of it."""
    path = os.path.normpath(f"{Path(_source(uri)).parent}/{target}")
    if path in PAGES:
        to = PAGES[path]
    elif (ROOT / path).is_file():
        to = path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}"
    else:
        return target
    return os.path.relpath(to, Path(uri).parent)
