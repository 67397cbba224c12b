"""`python -m datasets.simulate`: make a data set with simulated observers from a folder of photographs."""

from __future__ import annotations

import argparse
import functools
import sys
from collections import Counter
from collections.abc import Sequence

from datasets.codecs import codec_named, codecs
from datasets.codecs.jpeg import Jpeg
from datasets.common.commands import command_parser, crop_side, printable, progress, run_command, whole_number
from datasets.common.errors import DataError, UserError, check_name
from datasets.common.files import users_path
from datasets.core.imaging import crops_of_size
from datasets.core.picture_file import notes_on, read_picture, read_upright
from datasets.sets._simulated_samples import SampledPicture, describe
from datasets.sets.simulated import PICTURES
from datasets.simulation.curves import CurveJob, SimulationSettings, measure_all
from datasets.simulation.cvvdp import CvvdpLoss
from datasets.simulation.folder import Cut, LeftOut, Photo, SimulationFolder, find_photos
from datasets.simulation.observers import LOSS_METRICS

SMALLEST_SIDE = 128
EVALUATED = 25
"""Levels of a picture at which the loss is evaluated, about, where the user does not say."""

_EPILOG = """\
examples:
  python -m datasets.simulate photos --out sets/mine --limit 3        try it on three photographs
  python -m datasets.simulate photos --out sets/mine --jobs 4         the rest; what is done is not done again
  python -m protocols.run --dataset simulated --root sets/mine        compare predictors on it
  python -m datasets.simulate photos --out sets/avif --codec avif     the same photographs in AVIF, a set of its own
  python -m datasets.simulate photos --out sets/s2 --metric ssimulacra2     observers of another kind, a set of its own

The samples come from no people: 'simulated observers' stands in every table. An observer notices where the metric shows
a loss above that observer's own criterion; the metric's file in datasets/simulation/ says what is known and what is
ours. Of other codecs than JPEG no people's levels exist. Their criteria are JPEG's, for some codecs times a factor that
is ours: with cvvdp 0.91 for AVIF and 0.94 for JPEG 2000.
cvvdp needs the extra [simulate] (pip install -e '.[simulate]'), psnr-hvs-m the extra [hvsm]. A picture of 512x512 takes
about ten seconds of one core with cvvdp or ssimulacra2, and one with psnr-hvs-m.

DIR gets the pictures as PNG, samples.csv, folds.csv and simulated.json. Exit status: 0 done, 1 done but for
photographs that could not be used, 2 it could not be started, 130 interrupted (the same command goes on).
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    arguments = _parser().parse_args(argv)
    if min(arguments.max_crops, arguments.jobs, arguments.limit or 1) < 1:
        raise UserError("--max-crops, --jobs and --limit are 1 or more")
    codec = codec_named(arguments.codec)
    every = arguments.every if arguments.every is not None else max(1, len(codec.levels) // EVALUATED)
    check_name("metric", arguments.metric, LOSS_METRICS)
    metric = LOSS_METRICS[arguments.metric]
    settings = SimulationSettings(
        arguments.pixels_per_degree, arguments.observers, arguments.seed, every, codec, metric
    )
    folder = SimulationFolder(arguments.out, settings, arguments.crop, arguments.max_crops)
    photos, passed_over = find_photos(
        arguments.photos, recursive=arguments.recursive, apart_from=arguments.out / PICTURES
    )
    if passed_over:
        print(printable(f"{arguments.photos}: {passed_over}"), file=sys.stderr)
    folder.begin(restart=arguments.restart)
    cuts, left_out, notes = _cut_all(photos[: arguments.limit], folder)
    jobs = [CurveJob(cut.name, functools.partial(read_picture, folder.picture(cut.name))) for cut in cuts]
    cut_of = {cut.name: cut for cut in cuts}
    sampled: dict[str, SampledPicture] = {}
    for measured in measure_all(jobs, folder.curves, settings, workers=arguments.jobs):
        cut = cut_of[measured.name]
        if measured.curve is None:
            left_out.append(LeftOut(cut.photo, f"{cut.name}: {measured.error}", failed=True))
        else:
            sampled[cut.name] = SampledPicture(cut.source, settings.jnds(cut.name, measured.curve))
    if not sampled:
        raise UserError(f"no photograph of {arguments.photos} could be used:\n{_listing(left_out)}")
    limit = arguments.limit if arguments.limit and arguments.limit < len(photos) else None
    folder.finish(sampled, cuts, left_out, limit)
    print(describe(sampled, codec, metric.about))
    for note, count in notes.most_common():
        print(printable(f"{count} of the photographs: {note}"))
    if left_out:
        print(f"left out:\n{_listing(left_out)}")
    print(f"run on it: python -m protocols.run --dataset simulated --root {arguments.out}")
    return int(any(entry.failed for entry in left_out))


def _cut_all(photos: Sequence[Photo], folder: SimulationFolder) -> tuple[list[Cut], list[LeftOut], Counter[str]]:
    cuts: list[Cut] = []
    left_out: list[LeftOut] = []
    notes: Counter[str] = Counter()
    codec = folder.settings.codec
    for photo in progress(photos, "cutting photographs"):
        try:
            pixels = read_upright(photo.path)
        except DataError as error:
            left_out.append(LeftOut(photo.shown, str(error), failed=True))
            continue
        height, width = pixels.shape[:2]
        if min(height, width) < SMALLEST_SIDE:
            why = f"is {width}x{height}, and both sides must be {SMALLEST_SIDE} pixels or more"
            left_out.append(LeftOut(photo.shown, why))
            continue
        boxes = crops_of_size(height, width, folder.crop, folder.max_crops)
        if max(boxes[0].height, boxes[0].width) > codec.longest_side_px:
            most = f"{codec.title} takes sides of at most {codec.longest_side_px:,} pixels. Give a smaller --crop"
            left_out.append(LeftOut(photo.shown, f"is {width}x{height}, and {most}", failed=True))
            continue
        notes.update(notes_on(photo.path))
        for number, box in enumerate(boxes, start=1):
            cut = Cut(f"{photo.source}-{number}", photo.source, photo.shown, box)
            folder.keep(cut, box.cut(pixels))
            cuts.append(cut)
    return cuts, left_out, notes


def _listing(left_out: Sequence[LeftOut]) -> str:
    return printable("\n".join(f"  {entry.photo}: {entry.why}" for entry in left_out))


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.simulate",
        "Make a data set with simulated observers from a folder of photographs.",
        _EPILOG,
    )
    add = parser.add_argument
    can = ", ".join(name for name, codec in codecs().items() if codec.can_encode)
    add("photos", type=users_path, metavar="PHOTOS", help="the folder of photographs")
    add("--out", type=users_path, required=True, metavar="DIR", help="the folder of the new set")
    add("--codec", default=Jpeg.name, metavar="NAME", help=f"what compresses them: {can} (default {Jpeg.name})")
    add(
        "--metric",
        default=CvvdpLoss.about.name,
        metavar="NAME",
        help=f"what the observers see with: {', '.join(LOSS_METRICS)} (default {CvvdpLoss.about.name})",
    )
    add("--recursive", action="store_true", help="look into the folders of PHOTOS too")
    add(
        "--crop",
        type=functools.partial(crop_side, least=SMALLEST_SIDE),
        default=512,
        metavar="SIZE|none",
        help="cut squares of so many pixels (default 512; a shorter side is used whole), or none: photographs whole",
    )
    add("--max-crops", type=int, default=4, metavar="N", help="at most so many crops a photograph (default 4)")
    add(
        "--pixels-per-degree",
        type=float,
        default=SimulationSettings.pixels_per_degree,
        metavar="PPD",
        help="viewing geometry (default 24.3, as in KonJND-1k)",
    )
    add(
        "--observers",
        type=int,
        default=SimulationSettings.observers,
        metavar="N",
        help="how many a picture (default 30)",
    )
    add(
        "--seed",
        type=whole_number,
        default=SimulationSettings.seed,
        metavar="N",
        help="of the observers' criteria and the folds",
    )
    add(
        "--every",
        type=int,
        metavar="N",
        help="evaluate every Nth level and interpolate (default 4 of JPEG's 100, where 1 is exact and takes four times "
        "as long, and 1 of codecs with about 25)",
    )
    add("--limit", type=int, metavar="N", help="the first so many photographs only")
    add("--jobs", type=int, default=1, metavar="N", help="processes, one core each (default 1)")
    add("--restart", action="store_true", help="throw away what an earlier call made in DIR")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
