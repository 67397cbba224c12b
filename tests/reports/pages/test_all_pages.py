"""The pages behind the index: what they show, what they must not, and how large they may become."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.codecs.jpeg import Jpeg
from datasets.core.dataset import OpenOptions
from datasets.core.imaging import FLASH_LIMIT, flash_share
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from protocols.store.store import Store
from reports.build import main
from reports.figures.catalogue import draw_figures
from reports.pages.html import INDEX_SCRIPTS, PICTURE_SCRIPTS, TABLE_SCRIPTS, FigureImages, script_data
from reports.pages.index import PictureChoice, index_text, pages
from reports.pages.picture import MOST_LEVELS, PictureTruth, shown_levels
from reports.pages.picture_pixels import HEIGHT, WIDTH, open_pixels, picture_view, worst_corner
from reports.pages.report_files import content_of
from reports.results.cards import dataset_entries
from reports.results.grid import chosen_pictures
from reports.results.section import Section
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table
from tests.reports.pages.conftest import ParsedPage

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"


def _pages(results: Path, images: FigureImages | None = None, **choice: object) -> dict[str, str]:
    """Mostly without figures: they have tests of their own."""
    made = pages(read_sections(results), images or FigureImages({}), PictureChoice(**choice))
    return {path: content_of(content).decode() for path, content in made.items()}


@pytest.fixture(scope="module")
def demo_pages(demo_results) -> dict[str, str]:
    return _pages(demo_results, most=6)


def _pixels(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def test_there_is_a_page_for_each_predictor_method_data_set_and_chosen_picture(demo_pages):
    kinds = [path.partition("/")[0] for path in demo_pages]
    assert {kind: kinds.count(kind) for kind in kinds} == {"pictures": 6, "predictors": 4, "methods": 4, "datasets": 1}


def test_every_link_between_pages_leads_to_one(demo_pages):
    for path, html in demo_pages.items():
        for link in ParsedPage(html).all("a"):
            target, _, anchor = (link["href"] or "").partition("#")
            if target.startswith("https://"):
                continue
            if not target:
                assert f'id="{anchor}"' in html
                continue
            parts = [*Path(path).parent.parts]
            for part in Path(target).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) == "index.html" or "/".join(parts) in demo_pages, (path, target)


def test_every_picture_on_a_page_has_a_text_and_needs_no_file(demo_pages):
    for html in demo_pages.values():
        tags = ParsedPage(html)
        assert not tags.all("link")
        for image in tags.all("img"):
            # The viewer's own two get their content from the script.
            assert image.get("alt") or "src" not in image
            assert (image.get("src") or "data:image/").startswith("data:image/")


def test_a_predictor_page_tells_failures_and_its_worst_pictures(demo_pages):
    html = demo_pages["predictors/psnr.html"]
    assert "Failed: 2 of 25 pictures" in html
    assert "ValueError: no &lt;edges&gt;" in html
    worst = re.findall(r'class="c-picture" data-value="([^"]+)"', html)
    assert worst[:2] == ["rocket-1", "rocket-2"]
    assert len(worst) == 2 * 10


def test_pages_of_a_simulated_set_call_nobody_a_person(demo_pages):
    """Its samples are computed: words of people would make findings of them."""
    denied = r"no people|not from people|nothing of people|migraine in people"
    for path, html in demo_pages.items():
        if not path.startswith("methods/"):
            assert re.findall(r"\b(?:people|human\w*|subjects)\b", re.sub(denied, "", ParsedPage(html).text)) == [], (
                path
            )


def test_a_predictor_page_shows_what_was_fitted_on_each_fold(demo_pages):
    html = demo_pages["predictors/psnr.html"]
    table = html[html.index("Fitted on each fold</h3>") :]
    rows = re.findall(r'<th scope="row">(\w+)</th>((?:<td class="number">[\d.]+</td>)+)', table)
    assert [(name, re.findall(r"[\d.]+", cells)) for name, cells in rows][:2] == [
        ("level", ["41", "42", "43"]),
        ("spread", ["1.5", "1.5", "1.5"]),
    ]


def test_a_picture_page_has_every_predictors_level_and_the_distribution(demo_pages):
    html = next(html for path, html in demo_pages.items() if path.startswith("pictures/"))
    tags = ParsedPage(html)
    assert len(tags.all("circle")) + html.count(">failed</text>") == 2 * 4
    assert any(rect.get("class") == "subjects" for rect in tags.all("rect"))
    assert "50 % satisfied" in html
    assert "x-&lt;b&gt;y&lt;/b&gt;" in html


def test_whole_pictures_are_the_ladders_own_files(demo_results):
    (entry,) = dataset_entries(read_sections(demo_results))
    picture = open_pixels(entry, include=False).pictures["chelsea-1"]
    view = picture_view(picture, [30, 90])
    assert view.is_whole
    for shown in view.levels:
        encoded = base64.b64decode(shown.image.partition(",")[2])
        assert encoded == picture.ladder.encoded(shown.level)
        assert shown.psnr_db == pytest.approx(picture.ladder.psnr_db(shown.level))
        error = np.abs(picture.reference_luma.astype(int) - picture.ladder.luma(shown.level))
        assert shown.largest == error.max()
        assert shown.flash == flash_share(picture.reference, picture.ladder.rgb(shown.level), 24.3) < FLASH_LIMIT
        assert shown.flickers
        assert np.array_equal(_pixels(shown.error_map) == 0, error * 15 // 32 == 0)
    assert np.array_equal(_pixels(view.reference), picture.reference)


@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (1920, 1080), (300, 2000)])
def test_larger_pictures_are_cut_and_never_scaled(height, width):
    rng = np.random.default_rng(0)
    pixels = np.full((height, width, 3), 128, dtype=np.uint8)
    top, left = height // 2, width // 2
    pixels[top : top + 80, left : left + 80] = rng.integers(0, 256, (80, 80, 3))
    ladder = CompressedLadder(Jpeg(), functools.partial(np.copy, pixels))
    view = picture_view(Picture("large", "large", Jpeg(), 30.0, ladder_or_none=ladder), [20])
    assert view.width * view.height <= WIDTH * HEIGHT
    assert not view.is_whole
    x, y = view.corner
    assert x <= left
    assert left + 80 <= x + view.width
    assert y <= top
    assert top + 80 <= y + view.height
    assert np.array_equal(_pixels(view.reference), pixels[y : y + view.height, x : x + view.width])
    assert np.array_equal(_pixels(view.levels[0].image), ladder.rgb(20)[y : y + view.height, x : x + view.width])


@pytest.mark.parametrize(("pixels_per_degree", "flickers"), [(10.0, False), (47.0, True)])
def test_a_level_flickers_unless_too_much_of_a_field_flashes(pixels_per_degree, flickers):
    """Noise that its worst level turns grey: 64 x 64 pixels are much of a field of 100 pixels, and little of 470."""
    pixels = np.random.default_rng(0).choice(np.array([90, 165], np.uint8), (64, 64, 1)).repeat(3, axis=2)
    ladder = CompressedLadder(Jpeg(), pixels.copy)
    picture = Picture("noise", "noise", Jpeg(), pixels_per_degree, ladder_or_none=ladder)
    worst, best = picture_view(picture, [1, 100]).levels
    assert best.flickers and worst.flickers == flickers
    assert worst.flash == pytest.approx(64 * 64 / (10 * pixels_per_degree) ** 2, rel=0.1)


def test_the_worst_part_is_found_wherever_it_is():
    clean = np.zeros((64, 96), dtype=np.uint8)
    for top, left in ((0, 0), (40, 72), (0, 72), (16, 32)):
        spoilt = clean.copy()
        spoilt[top : top + 8, left : left + 8] = 200
        x, y = worst_corner(clean, spoilt, 40, 32)
        assert x <= left <= x + 32
        assert y <= top <= y + 24


def test_so_many_levels_are_shown_at_most_and_the_true_ones_come_first(demo_results):
    sections = read_sections(demo_results)
    truths = [PictureTruth(section, "chelsea-1", f"truth {number}") for number, section in enumerate(sections * 4)]
    levels = shown_levels(truths)
    assert len(levels) <= MOST_LEVELS
    first, whose = next(iter(levels.items()))
    assert first == round(truths[0].true)
    assert whose.startswith("true (truth 0), ")
    assert any("constant" in names for names in levels.values())


def _changed(results: Path, tmp_path: Path, **facts: object) -> list[Section]:
    """The demo's runs with other facts of their data set."""
    for run in Store(results).current_runs():
        dataset = dataclasses.replace(run.record.dataset, **facts)
        Store(tmp_path).write(dataclasses.replace(run.record, dataset=dataset), run.predictions)
    return read_sections(tmp_path)


def test_what_may_not_be_passed_on_is_not_shown_unless_asked_for(demo_results, tmp_path):
    sections = _changed(demo_results, tmp_path, redistributable=False)
    path = "pictures/demo/chelsea-1.html"
    hidden = content_of(pages(sections, FigureImages({}), PictureChoice(None))[path]).decode()
    assert not ParsedPage(hidden).all("img")
    assert "do not allow passing on its pictures" in hidden
    assert "--include-pictures" in hidden
    shown = content_of(pages(sections, FigureImages({}), PictureChoice(None, include=True))[path]).decode()
    assert len(ParsedPage(shown).all("img")) > 4


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"root": "/no/such/folder/here"}, "can no longer be opened"),
        ({"options": OpenOptions(jnd=3)}, "can no longer be opened"),
    ],
)
def test_a_data_set_that_is_gone_is_said_without_naming_a_folder(demo_results, tmp_path, facts, told):
    sections = _changed(demo_results, tmp_path, **facts)
    html = content_of(pages(sections, FigureImages({}), PictureChoice(None))["pictures/demo/chelsea-1.html"]).decode()
    assert told in html
    assert "no/such/folder" not in html
    assert "<svg" in html


def test_a_data_set_that_changed_since_is_not_shown(demo_results, tmp_path):
    for run in Store(demo_results).current_runs():
        parts = {**run.record.key_parts, "data": "0" * 64}
        Store(tmp_path).write(dataclasses.replace(run.record, key_parts=parts), run.predictions)
    (entry,) = dataset_entries(read_sections(tmp_path))
    assert "is another version" in open_pixels(entry, include=False).reason


def test_a_set_with_a_name_for_its_codec_is_opened_again_by_the_name_and_codec_that_opened_it(demo_results, tmp_path):
    (entry,) = dataset_entries(_changed(demo_results, tmp_path / "jpeg", name="demo-codec", opens_as="demo"))
    assert entry.name == "demo-codec" and "chelsea-1" in open_pixels(entry, include=False).pictures
    options = OpenOptions(codec="webp")
    (entry,) = dataset_entries(_changed(demo_results, tmp_path / "webp", opens_as="demo", options=options))
    assert "is another version" in open_pixels(entry, include=False).reason, "JPEG's runs are not shown WebP's pixels"


def test_markup_from_a_run_shows_as_text_on_every_page(tmp_path, store_run):
    work = {"authors": [EVIL], "title": EVIL, "venue": EVIL, "year": 2000, "doi": EVIL, "url": EVIL}
    number = {"dataset": "demo", "truth": EVIL, "metric": EVIL, "value": 3.92, "caveat": EVIL}
    card = dict.fromkeys(("title", "licence"), EVIL)
    card |= {"references": [work], "deviations": [EVIL], "published": [number]}
    dataset = dict.fromkeys(("title", "samples", "terms", "unit"), EVIL) | {"references": [work], "notes": [EVIL]}
    texts = dict.fromkeys(("kind", "truth_meaning", "decoder"), EVIL)
    info = {**texts, "card": card, "dataset": dataset, "machine": {"system": EVIL}, "parameters": {EVIL: EVIL}}
    run = store_run(tmp_path, EVIL, failing=3, info=info)
    frame = run.predictions
    names = [EVIL, *frame["picture"][1:]]
    Store(tmp_path).write(
        run.record, frame.assign(picture=names, source=EVIL, error=[EVIL if error else "" for error in frame["error"]])
    )
    sections = read_sections(tmp_path)
    images = FigureImages(draw_figures(sections, quiet=True))
    made = {"index.html": index_text(sections, images), **_pages(tmp_path, images, most=None)}
    assert all(re.fullmatch(r"[a-z0-9_/-]+\.html", path) for path in made)
    for html in made.values():
        parsed = ParsedPage(html)
        run_scripts = [script for script in parsed.all("script") if "type" not in script]
        assert len(run_scripts) in (len(TABLE_SCRIPTS), len(PICTURE_SCRIPTS), len(INDEX_SCRIPTS))
        assert not any("onerror" in attributes for _, attributes in parsed.tags)
        assert all((image.get("src") or "data:").startswith("data:") for image in parsed.all("img"))
        assert "<script>alert(1)" in parsed.text
    assert 'href="https://doi.org/%3Cscript%3E' in made["index.html"]
    assert "<" not in script_data({EVIL: [EVIL]}) and json.loads(script_data({EVIL: [EVIL]})) == {EVIL: [EVIL]}


def test_a_data_set_page_says_how_raters_were_screened_and_shows_each_pictures_jnds(tmp_path, store_run):
    screening = ["3 people, 1 picture, 3 JNDs.", f"  excluded: {EVIL}: failed 3 of 4 catch trials"]
    info = {"dataset": {"screening": screening}, "pictures_table": PICTURES_TABLE}
    frame = store_run(tmp_path, info=info).predictions
    write_pictures_table(tmp_path, frame["picture"].tolist(), frame["source"].tolist())
    samples = read_sections(tmp_path)[0].pictures_table["samples"]
    html = _pages(tmp_path, most=0)["datasets/demo.html"]
    told = ParsedPage(html).text
    assert "failed 3 of 4 catch trials" in told and EVIL in told and "<script>alert" not in html
    assert html.count('class="strip"') == len(frame) and f"12 JNDs, mean {samples[0].mean():.1f} (" in html
    assert len(re.findall(r'class="jnd" d="(?:M[0-9.]+ 12V20){12}"', html)) == len(frame)


def test_a_data_set_of_which_no_raters_are_known_has_no_such_columns(demo_pages):
    assert "strip" not in demo_pages["datasets/demo.html"].partition("</style>")[2]


def test_pictures_are_chosen_in_turn_from_every_rows_worst(demo_results):
    grids = [section.grid for section in read_sections(demo_results)]
    four = chosen_pictures(grids, 4)
    worst = {grid.pictures[order[0]] for grid in grids for order in grid.worst_order}
    assert len(four) == 4
    assert set(four) <= worst or worst <= set(four)
    assert chosen_pictures(grids, None) == list(grids[0].pictures)
    assert chosen_pictures(grids, 0) == []


def test_one_picture_and_no_samples_is_enough(tmp_path, store_run):
    run = store_run(tmp_path, "constant", pictures=1, pixels=False)
    Store(tmp_path).write(run.record, run.predictions.assign(true_sur=None, sur=None))
    html = _pages(tmp_path)["pictures/demo/astronaut-000.html"]
    assert "Nothing is known of single JNDs" in html


@pytest.mark.usefixtures("small_figures")
def test_the_flags_say_how_many_pictures(demo_results, tmp_path, capsys):
    out = tmp_path / "report"
    flags = ["--results", str(demo_results), "--out", str(out), "-q"]
    assert main([*flags, "--pictures", "2"]) == 0
    assert len(list((out / "pictures" / "demo").iterdir())) == 2
    assert main([*flags, "--pictures", "2", "--check"]) == 0
    assert main([*flags, "--pictures", "none", "--check"]) == 1
    assert "--pictures 0" in capsys.readouterr().err
    assert main([*flags, "--pictures", "none"]) == 0
    assert not (out / "pictures").exists()
    with pytest.raises(SystemExit):
        main([*flags, "--pictures", "-1"])
    assert "'all', 'none' or a number" in capsys.readouterr().err
