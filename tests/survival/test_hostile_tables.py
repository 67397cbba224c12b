"""Tables and labels that are broken or mean harm: each is read whole, or refused by an error that names the file."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from datasets.common.errors import DataError, UserError
from datasets.common.files import MOST_TEXT_BYTES
from datasets.core.dataset import OpenOptions
from datasets.core.folds import parse_folds, read_folds
from datasets.obtain.verification import verify_dataset
from datasets.sets import open_dataset
from datasets.sets._simulated_samples import SampledPicture, read_samples, samples_csv
from datasets.sets.simulated import MANIFEST, PICTURES, SAMPLES
from tests.survival.conftest import cases

TOKENS = [
    *map(str.encode, ("", " ", ",", ";", "\t", "\n", "\r", '"', "'", "[", "]", "\\", "/", "\0", "\ufeff", "\u2028")),
    *(b"nan", b"NaN", b"inf", b"-Infinity", b"-1", b"0", b"1.5", b"1e999", b"1e-999", b"101", b"null", b"true", b"{}"),
    *(
        b"9" * 5000,
        b"1" + b"0" * 400,
        b"[" * 20_000,
        b"x" * 200_000,
        "\u0663".encode(),
        "\xb2".encode(),
        b"\xff",
        b"\xe9",
    ),
    *(b"../../outside", b"=HYPERLINK(0)", b"<script>", b"\r\n\r\n", b"C:\\x", b"%s%n", b"SRC9999.png"),
]
ROOT_KINDS = ("mcl-jci", "konjnd-1k-jpeg", "konjnd-1k-bpg", "simulated")


def label_files(name: str) -> dict[str, bytes]:
    """The text files of a small root without pictures, by path."""
    if name == "mcl-jci":
        subjects = "".join(f"{60 - turn} {40 - turn} 5\n" for turn in range(30)).encode()
        numbers = range(1, 3)
        files = {f"JND_samples/JND_image_{number:02d}.txt": subjects for number in numbers}
        return files | {f"SQF_data/Image_{number}_l_h.txt": b"100 60 20\n0.2 0.8\n" for number in numbers}
    if name == "simulated":
        sampled = {f"p{number}-1": SampledPicture(f"p{number}", np.arange(40, 45) + number) for number in range(3)}
        about = {"finished": True, "settings": {"pixels_per_degree": 24.3}, "left_out": [{"photo": "x"}], "limit": 3}
        folds = b"source,fold\np0,1\np1,2\np2,1\n"
        return {SAMPLES: samples_csv(sampled).encode(), MANIFEST: json.dumps(about).encode(), "folds.csv": folds}
    kind, first = ("JPEG", 1) if "jpeg" in name else ("BPG", 505)
    rows = ["image_id,Compression type,No. of ratings,mean,std,ratings"]
    rows += [f'SRC{number:04d}.png,{kind},3,30.0,1.5,"[29, 30, 31.0]"' for number in range(first, first + 3)]
    return {"subjective_ratings.csv": "\n".join(rows).encode()}


def written(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def make_root(tmp_path_factory) -> Callable[[str], Path]:
    """A root of a data set with labels that hold; written anew each time, into one folder a data set."""
    home = tmp_path_factory.mktemp("roots")
    (home / "simulated" / PICTURES).mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (16, 16), (9 * number, 5, 7)).save(home / "simulated" / PICTURES / f"p{number}-1.png")
    return lambda name: written(home / name, label_files(name))


def opened(name: str, root: Path) -> bool:
    """Whether a root opens as the data set; where it does not, the error names a file under it."""
    try:
        dataset = open_dataset(name, root)
        if name == "simulated":
            dataset.folds("by-source")
    except DataError as error:
        assert str(root) in str(error)
        return False
    codec = dataset.codec
    for picture in dataset.pictures:
        assert ((picture.samples >= codec.lowest) & (picture.samples <= codec.highest)).all()
        assert all(codec.lowest <= level <= codec.highest for level in picture.tabulated.values())
        assert 0 < picture.pixels_per_degree < np.inf and re.fullmatch(r"\w[\w.-]*", picture.name)
    return True


@pytest.mark.parametrize("name", ROOT_KINDS)
def test_whole_labels_are_read(make_root, name):
    """Otherwise the tests below would protect nothing."""
    assert opened(name, make_root(name))


@st.composite
def changes(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """What may become of a file: cut, repeated, with tokens in other places, in another encoding."""
    edits = draw(
        st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(TOKENS)), min_size=1, max_size=4)
    )
    whole = draw(st.sampled_from(["as it is", "cut", "twice", "utf-16", "latin-1", "no line ends", "shuffled"]))

    def change(content: bytes) -> bytes:
        if whole == "shuffled":
            content = b"\n".join(sorted(content.split(b"\n")))
        for place, width, token in edits:
            at = int(place * len(content))
            content = content[:at] + token + content[at + width :]
        if whole == "cut":
            return content[: int(edits[0][0] * len(content))]
        if whole in ("utf-16", "latin-1"):
            return content.decode("utf-8", "replace").encode(whole, "replace")
        return {"twice": content * 2, "no line ends": content.replace(b"\n", b"")}.get(whole, content)

    return change


@settings(max_examples=cases(250), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(ROOT_KINDS), st.floats(0, 1, exclude_max=True), changes())
def test_changed_labels_are_read_or_refused_by_name(make_root, name, which, change):
    root = make_root(name)
    files = sorted(label_files(name))
    path = root / files[int(which * len(files))]
    path.write_bytes(change(path.read_bytes()))
    if not opened(name, root):
        found = verify_dataset(name, root, OpenOptions(), quick=True)  # goes on after the first fault
        assert found.errors or path.name == "folds.csv"


def test_so_many_were_changed(survived):
    survived("changed tables and labels", cases(250))


@pytest.mark.parametrize("name", ROOT_KINDS)
@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 100, b"\xff" * 100, b"PK\x03\x04", b'{"a": 1}', b"<html>"])
def test_what_is_no_table_at_all_is_refused(make_root, name, content, survived):
    for path in label_files(name):
        root = make_root(name)
        (root / path).write_bytes(content)
        assert not opened(name, root), path
        survived("files of another kind for a table")


@pytest.mark.parametrize("name", ROOT_KINDS)
def test_a_label_file_too_large_to_be_one_is_refused_by_its_size(make_root, name):
    root = make_root(name)
    path = root / min(label_files(name))
    with path.open("wb") as stream:
        stream.truncate(MOST_TEXT_BYTES + 1)  # a hole on the disk
    with pytest.raises(DataError, match=rf"{path.name}: has 16,777,217 bytes, more than"):
        open_dataset(name, root).folds("by-source")


NUMBERS = ["nan", "NaN", "inf", "-inf", "-5", "0", "1e999", "1e-999", "101", "9" * 5000, "1" + "0" * 400, "5_0", "٣"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:8])
def test_a_number_that_is_no_level_is_refused_in_every_table(make_root, number, survived):
    """Arabic digits are whole numbers to Python and `5_0` is 50: neither is to be taken for a subject's answer."""
    for name, path, old in (
        ("mcl-jci", "JND_samples/JND_image_01.txt", "60 40"),
        ("mcl-jci", "SQF_data/Image_2_l_h.txt", "60 20"),
        ("konjnd-1k-jpeg", "subjective_ratings.csv", "29, 30, 31.0"),
        ("konjnd-1k-bpg", "subjective_ratings.csv", "29, 30, 31.0"),
        ("simulated", SAMPLES, "p1-1,p1,2,42"),
        ("simulated", MANIFEST, "24.3"),
        ("simulated", "folds.csv", "p1,2"),
    ):
        root = make_root(name)
        text = (root / path).read_text(encoding="utf-8")
        head, comma, tail = old.rpartition(",")
        new = head + comma + number if path.endswith(".csv") and "," in old and name == "simulated" else number
        changed = text.replace(old, new if name != "konjnd-1k-jpeg" else f"29, 30, {number}", 1)
        assert old in text and tail
        (root / path).write_text(changed, encoding="utf-8")
        if (path, number) in ALLOWED:
            continue
        assert not opened(name, root), path
        survived("numbers that are no level")


ALLOWED = {("folds.csv", "-5"), ("folds.csv", "0"), ("folds.csv", "101"), (MANIFEST, "101")}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp500"])
def test_another_encoding_is_said_to_be_one(tmp_path, encoding):
    (tmp_path / "mine.csv").write_bytes("source,fold\nSRC01,1\nSRC02,2\n".encode(encoding))
    with pytest.raises(DataError, match=r"mine\.csv: (is no text|expected the columns)"):
        parse_folds("mine", tmp_path / "mine.csv")


def test_a_table_of_a_hundred_thousand_rows_is_read(tmp_path, make_root, survived):
    rows = "".join(f"s{number},{number % 5}\n" for number in range(100_000))
    (tmp_path / "mine.csv").write_text(f"source,fold\n{rows}")
    assert len(parse_folds("mine", tmp_path / "mine.csv").fold_of) == 100_000
    sampled = {f"p{number}": SampledPicture(f"p{number}", np.arange(1, 101)) for number in range(1000)}
    (tmp_path / "samples.csv").write_text(samples_csv(sampled))
    assert len(read_samples(tmp_path / "samples.csv", "")) == 1000
    root = make_root("konjnd-1k-bpg")
    head, row, *_ = label_files("konjnd-1k-bpg")["subjective_ratings.csv"].decode().splitlines()
    many = (row.replace("0505", f"{number}") for number in range(505, 100_505))
    (root / "subjective_ratings.csv").write_text("\n".join([head, *many]))
    assert len(open_dataset("konjnd-1k-bpg", root).pictures) == 100_000
    subjects = root.parent / "mcl-jci" / "JND_samples" / "JND_image_01.txt"
    make_root("mcl-jci")
    subjects.write_text("60 40 12\n" * 100_000)
    with pytest.raises(DataError, match=r"JND_image_01\.txt: has 100000 lines, expected 30"):
        open_dataset("mcl-jci", subjects.parents[1])
    survived("tables of 100,000 rows", 4)


@pytest.mark.parametrize("name", ROOT_KINDS)
def test_one_enormous_line_is_refused_in_a_short_sentence(make_root, name, survived):
    for path in label_files(name):
        root = make_root(name)
        (root / path).write_bytes(b"9 8 7," * (1 << 20))
        with pytest.raises(DataError, match=path) as told:
            open_dataset(name, root).folds("by-source" if name == "simulated" else "kfold5-v1")
        assert len(str(told.value)) < 1500 + len(str(root))
        survived("tables of one enormous line")


@pytest.mark.parametrize(
    "line", ["a,1,more", 'a"b,"1', '"a,1', "a;1", "a\t1", "a", ",1", "a,1\na,2", "a,", "a,1,", "a,x1", "a,0x1", "a,1e3"]
)
def test_a_fold_file_with_a_strange_line_names_the_line(tmp_path, line):
    (tmp_path / "mine.csv").write_text(f"source,fold\nSRC01,1\nSRC02,2\n{line}\n")
    with pytest.raises(DataError, match=r"mine\.csv, line \d"):
        parse_folds("mine", tmp_path / "mine.csv")


@pytest.mark.parametrize(
    "head", ["source,fold,fold", "Source,Fold", "source;fold", "source", '"source,fold"', "fold,source,source"]
)
def test_a_fold_file_with_a_strange_head_is_refused(tmp_path, head):
    (tmp_path / "mine.csv").write_text(f"{head}\nSRC01,1,1\nSRC02,2,2\n")
    with pytest.raises(DataError, match=r"mine\.csv: expected the columns source,fold"):
        parse_folds("mine", tmp_path / "mine.csv")


def test_formulas_and_markup_in_a_table_are_text(tmp_path):
    """Nothing reads them as more than a source's name; what a report makes of them has tests of its own."""
    names = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "<b>x</b>", "${jndi:ldap://x}", "{{7*7}}", "__import__('os')"]
    text = "source,fold\n" + "".join(f'"{name}",{number % 2}\n' for number, name in enumerate(names))
    (tmp_path / "mine.csv").write_text(text)
    assert list(parse_folds("mine", tmp_path / "mine.csv").fold_of) == names


@pytest.mark.parametrize("name", ["...csv", "..csv", "....csv"])
def test_a_fold_files_name_leads_nowhere(tmp_path, name):
    """It becomes a folder of the results: `..` would be the one above."""
    (tmp_path / name).write_text("source,fold\na,1\nb,2\n")
    with pytest.raises(UserError, match="no fold file"):
        read_folds(str(tmp_path / name), "demo")


@pytest.mark.parametrize(
    "name", ["../../outside", "/etc/passwd", "a/b", "..", ".hidden", "a\\b", "", "a b", "x" * 300, "a\nb"]
)
def test_a_pictures_name_in_a_table_leads_nowhere(make_root, name, survived):
    """It names a file: another folder's picture must not be read for it."""
    root = make_root("simulated")
    (root.parent / "outside.png").write_bytes((root / PICTURES / "p0-1.png").read_bytes())
    rows = "".join(f'"{name}",p0,{number},50\n' for number in range(1, 6))
    (root / SAMPLES).write_text("picture,source,observer,jnd_qf\n" + rows)
    with pytest.raises(DataError, match=r"samples\.csv, line \d+: picture is .* expected letters"):
        open_dataset("simulated", root)
    survived("names of pictures that lead out of the root")
