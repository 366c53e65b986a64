"""What the documents name exists: functions, verbs, options, recipe keys, links, rooms."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.main import get_command

import nephoscope
from nephoscope import cli
from nephoscope.models import list_models, load_model
from nephoscope.recipe import Recipe, load_recipe
from nephoscope.tasks import task_named

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Code spans of the coverage tables that are neither a function, a verb, an option nor a recipe key.
OTHER_WORDS = {
    "cloudmask",
    "quality_flag",
    "weight_zero",
    "cloud_share",
    "label = open_samples(path).label",
    "(label == 1).sum() / (label >= 0).sum()",
    "mdgms/",
    "cloudmasks/",
    "P01_day01_zequat.jpg",
    "P01day01.jpeg",
    "<sub>_ls.txt",
    "list_ls.txt",
    "nephoscope",
    "clear",
    "cloudy",
    "~/.netrc",
    "channel_mean",
    "land_water_mask",
    "satellite_zenith",
    "solar_zenith",
    "season",
    "latitude",
    "longitude",
    "row_size",
    "row",
    "col",
}


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def commands_in(text: str) -> list[str]:
    """Lines of fenced blocks, and code spans, that call `nephoscope`."""
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    lines = [line.partition("#")[0].strip() for line in fenced.splitlines()]
    spans = code_spans(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [words for words in [*lines, *spans] if words.startswith("nephoscope ")]


def options_of(verb: str) -> set[str]:
    group: Any = get_command(cli.app)
    command = group.get_command(None, verb)
    assert command is not None, f"there is no verb {verb}"
    real = command.load()
    parts = [real, *getattr(real, "commands", {}).values()]
    params = [param for part in parts for param in part.params]
    return {word for param in params for word in (*param.opts, *param.secondary_opts)}


def check_command(words: str) -> None:
    verb, *rest = words.removeprefix("nephoscope ").split()
    if verb.startswith("-") or verb == "VERB":
        return
    known = options_of(verb) | {"--help"}
    used = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert used <= known, f"{words}: no {used - known}"


def resolve(dotted: str) -> object:
    """The module, function or class of that name below `nephoscope`."""
    found: object = nephoscope
    for name in dotted.split("."):
        if isinstance(found, ModuleType) and not hasattr(found, name):
            found = import_module(f"{found.__name__}.{name}")
        else:
            found = getattr(found, name)
    return found


def is_recipe_key(dotted: str) -> bool:
    model: Any = Recipe
    for name in dotted.split("."):
        if name not in getattr(model, "model_fields", {}):
            return False
        model = model.model_fields[name].annotation
        if name == "losses":  # a recipe's are those of its task
            model = task_named("mask").Losses
    return True


def check_span(span: str) -> None:
    if span in OTHER_WORDS:
        return
    if span.startswith("nephoscope "):
        check_command(span)
    elif " --" in span:
        check_command(f"nephoscope {span}")
    elif span.startswith("--"):
        assert span.split()[0] in options_of("predict"), span
    elif not is_recipe_key(name := re.split(r"\(", span)[0]) and not name.startswith("xarray."):
        resolve(name)


def rows_of(table: str) -> list[str]:
    """Rows of the coverage table under a heading, without its own two."""
    text = (ROOT / "docs" / "coverage.md").read_text().partition(f"## {table}\n")[2]
    lines = text.partition("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| ")][1:]


TABLES = {
    "Mars maps": 20,
    "Sky cameras": 29,
    "Multi-angle polarimetry": 20,
    "Cloud ice from a geostationary imager": 48,
}
ROWS = [row for table in TABLES for row in rows_of(table)]


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_what_the_coverage_tables_name_exists(row):
    _, _number, _feature, here, _ = row.split("|")
    assert here.strip()
    for span in code_spans(here):
        check_span(span)


@pytest.mark.parametrize(("table", "last"), TABLES.items())
def test_a_coverage_table_has_every_feature_of_the_original(table, last):
    numbers = {int(re.findall(r"\d+", row)[0]) for row in rows_of(table)}
    assert numbers == set(range(1, last + 1))


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_that_a_page_shows_can_be_called(page):
    for words in commands_in(page.read_text()):
        check_command(words)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_house_picture_shows_every_room_and_no_other():
    design = (ROOT / "docs" / "design.md").read_text()
    picture = design.partition("src/nephoscope/\n")[2].partition("\ntests/")[0]
    shown = set(re.findall(r"(?:^  |;   )(\w+(?:/|\.py))", picture, re.MULTILINE)) - {"zoo/"}
    source = ROOT / "src" / "nephoscope"
    rooms = {path.name + "/" for path in source.iterdir() if any(path.rglob("*.py"))}
    files = {path.name for path in source.glob("*.py")} - {"__main__.py"}
    assert shown == rooms | {"recipes/"} | files


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


WORDS = {"two": 2, "three": 3, "five": 5, "twentieth": 20}
# Page and sentence of each number that repeats a recipe, a model or a default: its source.
NUMBERS = {
    ("design.md", r"perceptron, (\S+) parameters"): "models mars info.parameters",
    (
        "design.md",
        r"single pixels of (\S+) frames",
    ): "recipes sky-colour-local training.pool.frames",
    ("training.md", r"crops of (\S+) . \S+ pixels"): "recipes mars training.crop.0",
    ("training.md", r"crops of \S+ . (\S+) pixels"): "recipes mars training.crop.1",
    ("training.md", r"fewer than (\S+) % labelled"): "samples.crops.MINIMUM_LABELLED % 0.01",
    ("training.md", r"Parts under (\S+) GB"): "samples.part.MEMORY_BUDGET % 1e9",
    ("training.md", r"measured on (\S+) training crops"): "learn.normalise.CROPS",
    ("training.md", r"shipped; (\S+) frames"): "models sky-state info.samples.train",
    ("training.md", r"the shipped one on (\S+)\)"): "models sky-state info.samples.train",
    ("training.md", r"perceptron \| 22 numbers \| (\S+) \|"): "models sky-state info.parameters",
    ("mars.md", r"with fewer than (\S+) maps"): "recipes mars inputs.background.minimum_scenes",
    ("sky.md", r"from a (\S+) of the known pixels"): "apply.segmented.CLOUDY_SHARE 1/",
    ("sky.md", r"a (\S+)th of the frame"): "products.frames._SMALLEST_SHARE",
    ("sky-training.md", r"longer side of about (\S+) pixels"): "recipes sky-colour inputs.side",
    ("sky-training.md", r"under (\S+) . \S+ pixels"): "recipes sky-colour training.crop.1",
    ("sky-training.md", r"under \S+ . (\S+) pixels"): "recipes sky-colour training.crop.0",
    ("sky-training.md", r"multiples of (\S+)\."): "models sky-colour divisor",
    ("benchmarks.md", r"of its (\S+) steps"): "models mars info.steps",
    ("benchmarks.md", r"16,000 and (\S+) steps"): "models mars info.steps",
    ("benchmarks.md", r"shipped model \| 16.18 \| (\S+) "): "models mars info.scores.full.f1 % 1",
    ("benchmarks.md", r"`sky-colour` \| (\S+) "): "models sky-colour info.scores.full.f1 % 1",
}
COUNTED = r"(?:[\d,]+|\w+ thousand) steps\b|crops? of [\d,]+ . [\d,]+|[\d,]+ parameters"
# Of studies whose settings stand beside them.
TOLD_ELSEWHERE = {"1,500 steps", "500 steps"}


def source_of(where: str) -> float:
    """A number by its place: `recipes NAME KEY`, `models NAME KEY` or a constant; `% unit`."""
    place, _, unit = where.partition(" % ")
    kind, *rest = place.split()
    found: Any
    if kind not in {"recipes", "models"}:
        found = resolve(kind)
        return 1 / float(found) if rest else float(found) / float(unit or 1)
    name, keys = rest
    if kind == "recipes":
        found = load_recipe(name).model_dump()
    else:
        folder = load_model(name).folder
        (facts,) = (path for path in folder.glob("*.yaml") if path.name != "recipe.yaml")
        found = yaml.safe_load(facts.read_text())
    for key in keys.split("."):
        found = found[int(key) if key.isdigit() else key]
    return float(found) / float(unit or 1)


def on_one_line(page: str) -> str:
    return " ".join((ROOT / "docs" / page).read_text().split())


@pytest.mark.parametrize(("page", "sentence"), NUMBERS)
def test_a_number_in_prose_is_that_of_its_source(page, sentence):
    where = NUMBERS[page, sentence]
    if where.startswith("models") and where.split()[1] not in list_models():
        pytest.skip(f"no model `{where.split()[1]}` is shipped")
    said = re.findall(sentence, on_one_line(page))
    assert said, f"{page}: no sentence of this kind: {sentence}"
    for each in said:
        number = WORDS.get(each) or float(each.replace(",", ""))
        digits = len(each.partition(".")[2])
        assert number == round(source_of(where), digits), where


@pytest.mark.parametrize(
    "page", sorted(str(page.relative_to(ROOT / "docs")) for page in PAGES if page.parent != ROOT)
)
def test_a_number_of_steps_crops_or_parameters_has_a_source(page):
    text = on_one_line(page)
    sourced = [
        match.span()
        for other, sentence in NUMBERS
        if other == page
        for match in re.finditer(sentence, text)
    ]
    for match in re.finditer(COUNTED, text):
        covered = any(a < match.end() and match.start() < b for a, b in sourced)
        assert covered or match[0] in TOLD_ELSEWHERE, match[0]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_table_is_not_cut_by_a_blank_line(page):
    lines = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", lines, re.MULTILINE):
        rows = table.splitlines()
        assert len(rows) > 2, rows[0]
        assert re.fullmatch(r"\|(?: ?:?-+:? ?\|)+", rows[1]), rows[0]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, rows[0]
