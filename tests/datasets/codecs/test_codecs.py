"""Protects how codecs are found: by file and by plug-in; none is imported before it is used; errors say what to do."""

import subprocess
import sys

import pytest

import datasets.codecs
from datasets.codecs import codec_named, codecs
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import PluginWarning, UserError
from datasets.core.codec import Codec

CODEC = """
from datasets.core.codec import Codec

class Squeezed(Codec):
    name, title, unit, suffix = "squeezed", "Squeezed", "q", ".q"
    worst_level, best_level, has_file_sizes = 30, 0, False
    encode = decode = library = None
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Codecs are looked for here, too."""
    monkeypatch.setattr(datasets.codecs, "__path__", [*datasets.codecs.__path__, str(tmp_path)])
    codecs.cache_clear()
    yield tmp_path
    for name in ("mine", "zz_mine"):
        sys.modules.pop(f"datasets.codecs.{name}", None)
        vars(datasets.codecs).pop(name, None)
    codecs.cache_clear()


def test_the_codecs_that_ship_are_there_and_say_what_they_are():
    assert {"avif", "bpg", "heic", "jp2", "jpeg", "jpegli", "jxl", "mozjpeg", "vvc", "webp"} <= codecs().keys()
    for name, codec in codecs().items():
        assert codec.name == name and codec.title and codec.unit and codec.suffix.startswith(".")
        assert codec.default_level is None or codec.lowest <= codec.default_level <= codec.highest


def test_a_codec_is_a_file(folder):
    (folder / "mine.py").write_text(CODEC)
    codec = codec_named("squeezed")
    assert (codec.lowest, codec.highest, codec.sign) == (0, 30, -1)


def test_a_codec_is_another_packages_entry_point(folder, monkeypatch):
    site = folder.parent / f"{folder.name}-site"
    (site / "somebodys-1.0.dist-info").mkdir(parents=True)
    (site / "somebodys-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 1.0\n")
    entry_point = "[jnd_bench.codecs]\nsqueezed = somebodys_codec:Squeezed\n"
    (site / "somebodys-1.0.dist-info" / "entry_points.txt").write_text(entry_point)
    (site / "somebodys_codec.py").write_text(CODEC)
    monkeypatch.syspath_prepend(site)
    assert type(codec_named("squeezed")).__module__ == "somebodys_codec"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_package", "ModuleNotFoundError"),
        (CODEC.replace("library = ", ""), "TypeError: .*abstract"),
        (CODEC.replace('"squeezed"', '"jpeg"'), "its name 'jpeg' is taken"),
    ],
)
def test_a_broken_file_warns_and_takes_no_other_with_it(folder, text, said):
    (folder / "zz_mine.py").write_text(text)
    with pytest.warns(PluginWarning, match=rf"datasets/codecs/zz_mine\.py is left out: .*({said})"):
        assert codecs()["jpeg"] == Jpeg()


def test_an_unknown_name_is_told_what_is_near():
    with pytest.raises(UserError, match=r"There is no codec 'aviff'. Did you mean 'avif'.*Known: avif, bpg"):
        codec_named("aviff")


def test_what_is_not_installed_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name, extra in (("jxl", "codecs"), ("jpegli", "codecs"), ("mozjpeg", "mozjpeg"), ("heic", "heic")):
        codec = codecs()[name]
        for use in (codec.check_available, codec.library):
            with pytest.raises(
                UserError, match=rf"{codec.title} cannot be used here: .*pip install -e '\.\[{extra}\]'"
            ):
                use()


def test_a_pillow_without_a_format_is_named_with_the_line_that_installs_another(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    for name in ("webp", "avif", "jp2"):
        assert "pip install --upgrade 'Pillow" in codecs()[name].unavailable()


def test_only_jpeg_itself_is_jpeg():
    """What rests on the standard's tables asks for the class `Jpeg`; mozjpeg and jpegli have others."""
    assert [codec.name for codec in codecs().values() if isinstance(codec, Jpeg)] == ["jpeg"]
    assert all(Codec in type(codec).__bases__ for codec in codecs().values())


def test_listing_codecs_loads_no_encoder():
    program = "import sys; from datasets.codecs import codecs; codecs(); print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert not loaded & {"PIL", "cv2", "imagecodecs", "pyjpegli", "pyvips", "pi_heif"}
