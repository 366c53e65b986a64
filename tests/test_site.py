"""The documentation as one site: built with warnings as errors, and made of the code."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import markdown
import pytest
import yaml
from markdown_it import MarkdownIt

import nephoscope
from nephoscope import cli
from nephoscope.recipe import load_recipe, shipped_recipes
from test_docs import PAGES, options_of

ROOT = Path(__file__).parents[1]
NEEDED = ("mkdocs", "material", "satpy", "pyorbital")


def build(folder, config):
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
    ]  # --quiet hides warnings from it
    return subprocess.run(  # noqa: S603 - our own command
        [*command, "--config-file", str(config), "--site-dir", str(folder)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"{missing[0]} is not installed: pip install 'nephoscope[docs]'")
    folder = tmp_path_factory.mktemp("site")
    made = build(folder, ROOT / "mkdocs.yml")
    assert made.returncode == 0, made.stderr[-3000:]
    return folder


class Page(HTMLParser):
    """What a page loads, the rows of its tables, and its words."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.rows, self.words = [], [], ""
        self.in_cell = False
        self.feed(path.read_text())
        self.rows = [[cell.strip() for cell in row] for row in self.rows]

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.loads.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical":
            self.loads.append(given["href"])
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self.in_cell = False

    def handle_data(self, data):
        self.words += data
        if self.in_cell:
            self.rows[-1][-1] += data


def page(site, name):
    return Page(site / f"{name}.html")


def test_every_page_of_the_site_loads_files_of_the_site_alone(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 25
    for path in pages:
        if path.name == "404.html":  # its links are from the root of a server
            continue
        for target in Page(path).loads:
            assert "//" not in target, f"{path.name}: {target}"
            if not target.startswith(("data:", "#")):
                assert (path.parent / target.partition("?")[0]).is_file(), f"{path}: {target}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", style.read_text())


def test_a_link_that_leads_nowhere_is_an_error(site, tmp_path):
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    (tmp_path / "docs").mkdir()
    config |= {"nav": ["index.md"], "hooks": [], "extra_css": []}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config))
    for text, code in (
        ("# A\n\n[to](#a)\n", 0),
        ("# A\n\n[to](#b)\n", 1),
        ("# A\n\n[to](no.md)\n", 1),
    ):
        (tmp_path / "docs" / "index.md").write_text(text)
        assert build(tmp_path / "site", tmp_path / "mkdocs.yml").returncode == code, text


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_page_of_commands_has_every_option_of_a_verb(site, verb):
    text = (site / "reference" / "commands.html").read_text()
    part = re.split(r'<h2 id="', text.partition(f'<h2 id="{verb}"')[2])[0]
    shown = set(re.findall(r"<code>(-[^<]+)</code>", part))
    assert {name for name in options_of(verb) if name.startswith("-")} == shown


def test_defaults_of_options_are_shown(site):
    rows = {row[0]: row for row in page(site, "reference/commands").rows if len(row) == 4}
    assert rows["--layout"][1:3] == ["cf|legacy", "cf"]
    assert rows["--offset"][2] == "3.0"
    assert rows["--picture, --no-picture"][1:3] == ["", "--picture"]


def test_the_page_of_recipes_has_every_key_that_shipped_recipes_use(site):
    rows = page(site, "reference/recipe").rows
    keys = {row[0] for row in rows}
    free = {"read", "features", "options", "statistics", "response", "search", "study"}

    def used(content):
        for key, value in content.items():
            yield key
            if isinstance(value, dict) and key not in free:
                yield from used(value)

    for name in shipped_recipes():
        missing = set(used(load_recipe(name).model_dump())) - keys
        assert not missing, f"{name}: {missing}"
    assert ["patience", "whole number", "8", "validations without a better score"] in rows
    assert not [row for row in rows if not row[-1]], "a key without a meaning"


def test_the_page_of_variables_has_those_that_products_are_known_for(site):
    rows = page(site, "reference/variables").rows
    assert [
        "iwc", "level, y, x", "float32, fill NaN", "kg m-3",
        "ice water content: mean, whether or not there is cloud",
    ] in rows  # fmt: skip
    assert ["cloud_probability", "latitude, longitude", "uint8 times 0.004, fill 255", ""] in [
        row[:4] for row in rows
    ]
    assert ["4096", "outside_training"] in rows
    assert ["MASK", "uint8", "y, x", "0 clear, 1 cloud, 255 unknown"] in rows
    assert ["SKYSTATE", "clear, cloudy or unknown"] in [row[::2] for row in rows]


@pytest.mark.parametrize("name", sorted(set(nephoscope.__all__) - {"__version__"}))
def test_the_page_of_python_has_every_public_name_with_its_docstring(site, name):
    text = (site / "reference" / "python.html").read_text()
    assert f'<h2 id="{name.lower()}"' in text
    first = (getattr(nephoscope, name).__doc__ or "").partition("\n")[0].partition("`")[0].strip()
    assert first
    assert first in page(site, "reference/python").words


def test_a_term_of_the_glossary_is_explained_where_it_stands(site):
    text = (site / "seviri.html").read_text()
    assert re.search(r'<abbr title="ice water content[^"]*">IWC</abbr>', text)
    assert "<abbr" not in (site / "glossary.html").read_text()


ON_SITE = [path for path in PAGES if path.name != "SECURITY.md"]


@pytest.mark.parametrize("path", ON_SITE, ids=[path.name for path in ON_SITE])
def test_a_page_reads_alike_in_the_repository_and_on_the_site(path):
    """Two dialects of Markdown find the same lists, tables, blocks of code and headings."""
    text = path.read_text()
    extensions = ["tables", "fenced_code", "toc"]
    there = markdown.markdown(text, extensions=extensions)
    here = MarkdownIt("commonmark").enable("table").render(text)
    for tag in ("li", "ol", "td", "pre", "h1", "h2", "h3", "p><img", "em", "strong"):
        assert len(re.findall(f"<{tag}[ >]", there)) == len(re.findall(f"<{tag}[ >]", here)), tag
