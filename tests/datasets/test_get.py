"""Protects `datasets.get`: it says where a set is given out; a checked archive, or its address, becomes an open set."""

import functools
import hashlib
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from datasets.common.errors import DataError, UserError
from datasets.get import KNOWN_SHA256, main, where_to_get
from datasets.sets import dataset_classes, open_dataset

NAME = "mcl-jci"


def label_files(sources: int = 3) -> dict[str, bytes]:
    """Labels as MCL-JCI has them: 30 subjects a source, their JNDs descending, and the aggregate points."""
    random = np.random.default_rng(1)
    files = {}
    for number in range(1, sources + 1):
        subjects = [sorted(random.choice(np.arange(5, 70), 3, replace=False), reverse=True) for _ in range(30)]
        text = "\r\n".join(" ".join(map(str, jnds)) for jnds in subjects)
        files[f"JND_samples/JND_image_{number:02d}.txt"] = text.encode()
        files[f"SQF_data/Image_{number}_l_h.txt"] = b"100 36 20\r\n1 2 3\r\n"
    return files


def archive_at(path: Path, files: dict[str, bytes] | None = None, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, contents in (files or label_files()).items():
            opened.writestr(prefix + name, contents)
    return path


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Tests read standard error themselves."""


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that it is served at (without ranges; see test_download for those)."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["mcl-jci", "konjnd-1k-jpeg", "konjnd-1k-bpg"])
def test_without_an_archive_it_says_where_and_under_which_terms(name, capsys):
    assert main([name]) == 0
    shown = capsys.readouterr().out
    unwrapped = " ".join(shown.split())
    card = dataset_classes()[name].card
    assert all(" ".join(text.split()) in unwrapped for text in (card.home, card.terms, card.citation))
    assert f"python -m datasets.get {name} ARCHIVE_OR_URL --root DIR" in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_a_known_hash_is_marked_as_a_third_partys():
    assert "3d67a2a8" in where_to_get(dataset_classes()[NAME].card)
    assert "(published by a third party)" in where_to_get(dataset_classes()[NAME].card)
    assert all(name in dataset_classes() and len(digits) == 64 for name, digits in KNOWN_SHA256.items())


def test_sets_that_nobody_gives_out_say_so(capsys):
    for name, kind in dataset_classes().items():
        if not kind.card.needs_root:
            assert "Nothing has to be fetched" in where_to_get(kind.card)
            with pytest.raises(UserError, match=f"'{name}' comes with the installation"):
                main([name, "some.zip", "--root", "somewhere"])
        elif not kind.card.home:
            assert "you make it yourself" in where_to_get(kind.card)


def test_an_archive_becomes_an_open_set(tmp_path, capsys):
    archive, root = archive_at(tmp_path / "MCL-JCI.zip"), tmp_path / "new" / "root"
    assert main([NAME, str(archive), "--root", str(root), "--sha256", sha256_of(archive).upper()]) == 0
    out = capsys.readouterr().out
    assert "sha256 as expected" in out and "6 files written, 0 already there, 0 replaced" in out
    assert f"mcl-jci opens from --root {root}: 3 pictures, labels only" in out
    assert f"python -m datasets.verify mcl-jci --root {root}" in out
    assert archive.exists() and len(open_dataset(NAME, root).pictures) == 3
    assert main([NAME, str(archive), "--root", str(root), "--no-hash-check"]) == 0
    assert "0 files written, 6 already there, 0 replaced" in capsys.readouterr().out


def test_one_archive_serves_both_halves_of_konjnd(tmp_path, capsys):
    rows = "image_id,Compression type,No. of ratings,mean,std,ratings\r\n"
    rows += 'SRC0001.png,JPEG,3,40,8.2,"[30, 40, 50]"\r\nSRC0505.png,BPG,3,30,1.6,"[28, 30, 32]"\r\n'
    archive = archive_at(tmp_path / "set.zip", {"subjective_ratings.csv": rows.encode()})
    for name, other in (("konjnd-1k-jpeg", "konjnd-1k-bpg"), ("konjnd-1k-bpg", "konjnd-1k-jpeg")):
        assert main([name, str(archive), "--root", str(tmp_path / "root")]) == 0
        shown = capsys.readouterr().out
        assert "1 picture, labels only" in shown and f"the same archive serves {other}" in shown


@pytest.mark.parametrize("prefix", ["MCL-JCI/", "Download/MCL-JCI dataset/"])
def test_a_folder_around_everything_is_found(tmp_path, capsys, prefix):
    archive, root = archive_at(tmp_path / "set.zip", prefix=prefix), tmp_path / "root"
    assert main([NAME, str(archive), "--root", str(root), "--no-hash-check"]) == 0
    named = Path(capsys.readouterr().out.split("opens from --root ")[1].split(": 3 pictures")[0])
    assert len(open_dataset(NAME, named).pictures) == 3


def test_a_wrong_known_hash_says_both_and_how_to_go_on(tmp_path):
    archive, root = archive_at(tmp_path / "set.zip"), tmp_path / "root"
    with pytest.raises(DataError) as error:
        main([NAME, str(archive), "--root", str(root)])
    text = str(error.value)
    assert f"expected sha256 {KNOWN_SHA256[NAME]}" in text and f"found    sha256 {sha256_of(archive)}" in text
    assert "third party" in text and "--no-hash-check" in text
    assert archive.exists() and not root.exists()


def test_a_hash_one_gives_oneself_counts_instead_of_the_known_one(tmp_path):
    archive = archive_at(tmp_path / "set.zip")
    with pytest.raises(DataError, match="whose hash you gave"):
        main([NAME, str(archive), "--root", str(tmp_path / "root"), "--sha256", "ab" * 32])
    with pytest.raises(UserError, match=r"--sha256 abc: is no sha256\. Expected 64"):
        main([NAME, str(archive), "--root", str(tmp_path / "root"), "--sha256", "abc"])


def test_an_address_is_fetched_checked_unpacked_and_opened(tmp_path, served, capsys):
    folder, url = served
    archive = archive_at(folder / "MCL JCI.zip")
    root = tmp_path / "root"
    call = [NAME, f"{url}/MCL%20JCI.zip?dl=1", "--root", str(root), "--sha256", sha256_of(archive)]
    assert main(call) == 0
    assert "3 pictures" in capsys.readouterr().out
    assert (root / "mcl-jci.zip").exists() and not list(root.glob("*.part*"))
    archive.unlink()  # a second call has nothing to fetch
    assert main(call) == 0
    assert "is there already and is not fetched again" in capsys.readouterr().out


def test_a_fetched_archive_keeps_its_name_or_goes(tmp_path, served):
    folder, url = served
    archive_at(folder / "set-v2.zip")
    call = [NAME, f"{url}/set-v2.zip", "--root", str(tmp_path / "root"), "--no-hash-check"]
    assert main(call) == 0
    assert (tmp_path / "root" / "set-v2.zip").exists()
    assert main([*call, "--no-keep-archive"]) == 0
    assert not (tmp_path / "root" / "set-v2.zip").exists()


def test_a_local_archive_is_never_deleted(tmp_path):
    archive = archive_at(tmp_path / "set.zip")
    main([NAME, str(archive), "--root", str(tmp_path / "root"), "--no-hash-check", "--no-keep-archive"])
    assert archive.exists()


def test_a_fetched_archive_of_another_hash_is_kept(tmp_path, served):
    folder, url = served
    archive_at(folder / "set.zip")
    with pytest.raises(DataError, match="the file is kept"):
        main([NAME, f"{url}/set.zip", "--root", str(tmp_path / "root")])
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["set.zip"]


def test_another_sets_archive_is_told(tmp_path):
    archive = archive_at(tmp_path / "set.zip", {"holiday/beach.jpg": b"sand"})
    with pytest.raises(DataError, match=r"root: was unpacked, but does not open as 'mcl-jci': .*JND_samples"):
        main([NAME, str(archive), "--root", str(tmp_path / "root"), "--no-hash-check"])


def test_damaged_labels_are_told_with_their_file(tmp_path):
    archive = archive_at(tmp_path / "set.zip", {**label_files(), "JND_samples/JND_image_02.txt": b"52 30 999\n"})
    with pytest.raises(DataError, match=r"JND_image_02\.txt"):
        main([NAME, str(archive), "--root", str(tmp_path / "root"), "--no-hash-check"])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["mcl_jci"], r"no data set 'mcl_jci'\. Did you mean 'mcl-jci'\?"),
        ([NAME, "{folder}/set.zip"], r"--root DIR is missing"),
        ([NAME, "{folder}/set.zip", "--root", "{folder}/set.zip"], r"--root .*set\.zip: is a file"),
        ([NAME, "{folder}/sett.zip", "--root", "{folder}/root"], r"sett\.zip: there is no such archive.*https://"),
        ([NAME, "{folder}", "--root", "{folder}/root"], r"is a folder\. If it is the unpacked set, give it as --root"),
        ([NAME, "ftp://somewhere/set.zip", "--root", "{folder}/root"], r"only http and https addresses"),
        ([NAME, "file:///etc/passwd", "--root", "{folder}/root"], r"only http and https addresses"),
        ([NAME, "http://", "--root", "{folder}/root"], r"is no address that can be fetched"),
    ],
)
def test_what_the_user_got_wrong_is_named(tmp_path, arguments, complaint):
    archive_at(tmp_path / "set.zip")
    with pytest.raises(UserError, match=complaint):
        main([argument.format(folder=tmp_path) for argument in arguments])


def test_the_command_itself(tmp_path):
    archive = archive_at(tmp_path / "set.zip")
    call = [sys.executable, "-m", "datasets.get", NAME, str(archive), "--root", str(tmp_path / "root")]
    refused = subprocess.run(call, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.startswith("error: ") and "Traceback" not in refused.stderr
    done = subprocess.run([*call, "--no-hash-check"], capture_output=True, text=True)
    assert done.returncode == 0 and "3 pictures" in done.stdout
