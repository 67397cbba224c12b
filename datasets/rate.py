"""`python -m datasets.rate`: let people rate photographs in a browser, and make a data set of what they say."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import ipaddress
import logging
import secrets
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from datasets.common.commands import command_parser, crop_side, run_command
from datasets.common.errors import UserError
from datasets.common.files import check_writable, read_text, users_path
from datasets.common.hashing import sha256_of_bytes
from datasets.ratings.study import folder
from datasets.ratings.study.database import FILE, Database
from datasets.ratings.study.entry import invite
from datasets.ratings.study.export import export
from datasets.ratings.study.prepare import SMALLEST_SIDE
from datasets.ratings.study.settings import TRIALS, VIEWINGS, StudySettings
from datasets.ratings.study.study import Study

_CONSENT = Path(folder.__file__).with_name("consent.txt")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_THREADS = 8

_EPILOG = """\
examples:
  python -m datasets.rate photos --out study                        a slider a picture; open the address it prints
  python -m datasets.rate photos --out study --trial yes-no         eight questions a picture: did it flicker?
  python -m datasets.rate photos --out study --limit 5 --per-rater 5     try it yourself on five photographs
  python -m datasets.rate photos --out study --host 192.168.0.7 --invite 20      in a classroom, by invitation
  python -m datasets.rate photos --out study --address https://rate.example.org --invite 40     behind a proxy with TLS
  python -m datasets.rate photos --out study --finish               make the set of what there is, without serving
  python -m protocols.run --dataset rated --root study              compare predictors on it
  python -m datasets.plan_study --pictures 50                       how many people that takes

It cuts and compresses the photographs (about three seconds each), then serves a page until Ctrl-C, which makes the set.
The same command goes on: no answer that was acknowledged is lost, whatever is killed. A rater sees instructions, checks
of the screen, three pictures for practice, then the study's; reloads, goes back, or returns another day. One trial in
eight has a known answer, one picture in eight comes again: they judge the rater (datasets/ratings/screening.py) and are
no samples. Levels that would flash too much never flicker; whoever is photosensitive swaps pictures by a key.

At 60 cm pictures have about 40 pixels a degree; --distance-cm 37 gives the 24.3 of KonJND-1k. DIR must be on a disk of
this computer, not on a network drive. DIR/ratings.sqlite holds everything that raters did; it is not to be passed on.
Whoever runs a study answers for its approval and for the law: put your own text of consent in with --consent.

Exit status: 0 a set was made, 1 no ratings for one yet, 2 it could not be done.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0 where there is a set, 1 where there are no ratings for one yet.
    :raises UserError: for what the user can put right.
    """
    arguments = _parser().parse_args(argv)
    if arguments.invite < 0 or not 0 < arguments.port < 65536:
        raise UserError("--invite is 0 or more, --port 1 to 65535")
    origins = _origins(arguments)
    consent = read_text(arguments.consent or _CONSENT, "Save it as plain text in UTF-8.")
    settings = StudySettings(
        **{name: getattr(arguments, name) for name in ("trial", "per_rater", "raters", "crop", "flicker", "limit")},
        distance_cm=arguments.distance_cm,
        consent_sha256=sha256_of_bytes(consent),
    )
    check_writable(arguments.out, "--out")
    about = folder.read_about(arguments.out)
    if about is None:
        about = folder.new_about(settings)
    folder.check_same(arguments.out, settings, about)
    pictures = folder.prepare(arguments.out, arguments.photos, settings, about)
    database = Database(arguments.out / FILE)
    try:
        study = Study(arguments.out, settings, pictures, consent, database, invited_only=_is_open_to_others(arguments))
        if not arguments.finish:
            _serve(study, arguments, origins)
        is_set = export(study, about, arguments.viewing)
    finally:
        database.close()
    return 0 if is_set else 1


def _serve(study: Study, arguments: argparse.Namespace, origins: list[str]) -> None:
    try:
        import waitress

        from datasets.ratings.study.server import create_app
    except ImportError as error:
        raise UserError(f"{error.name} is not installed. Add it: pip install 'jnd-bench[rate]'") from error
    owner_token = secrets.token_urlsafe(16)
    app = create_app(study, frozenset(origins), owner_token)
    family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
    try:
        listening = socket.create_server((arguments.host.strip("[]"), arguments.port), family=family)
    except OSError as error:
        raise UserError(
            f"{arguments.host}, port {arguments.port}: cannot be served ({error.strerror}). Name another --port."
        ) from error
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait for a moment is no news
    with listening:
        server = waitress.create_server(app, sockets=[listening], threads=_THREADS, ident=None)
        for token in invite(study, arguments.invite):
            print(f"invitation, shown this once: {origins[0]}/#{token}")
        print(f"raters: {origins[0]}/")
        print(f"you:    {origins[0]}/owner#{owner_token}")
        print("Ctrl-C ends and exports; the same command goes on.", flush=True)
        server.run()


def _origins(arguments: argparse.Namespace) -> list[str]:
    """As browsers may name this server; the first is printed."""
    if arguments.address:
        parts = urlsplit(arguments.address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise UserError(f"--address {arguments.address}: expected one such as https://rate.example.org")
        return [f"{parts.scheme}://{parts.netloc}"]
    if arguments.host in ("0.0.0.0", "::"):
        raise UserError(f"--host {arguments.host}: say with --address how raters' browsers reach it")
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    names = [host, *_LOOPBACK] if host in _LOOPBACK else [host]
    return [f"http://{name}{'' if arguments.port == 80 else f':{arguments.port}'}" for name in dict.fromkeys(names)]


def _is_open_to_others(arguments: argparse.Namespace) -> bool:
    host = arguments.host.strip("[]")
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    return not is_here or arguments.address is not None


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.rate", "Let people rate photographs in a browser, and make a data set of what they say.", _EPILOG
    )
    add, default = parser.add_argument, {field.name: field.default for field in dataclasses.fields(StudySettings)}
    add("photos", type=users_path, metavar="PHOTOS", help="the folder of photographs")
    add("--out", type=users_path, required=True, metavar="DIR", help="the study's folder, which becomes the set")
    add("--trial", choices=TRIALS, default=default["trial"], help="the task (default slider)")
    add("--per-rater", type=int, default=default["per_rater"], metavar="N", help="pictures a person rates (default 30)")
    add("--raters", type=int, default=default["raters"], metavar="N", help="people wanted a picture (default 26)")
    add(
        "--crop",
        type=functools.partial(crop_side, least=SMALLEST_SIDE),
        default=default["crop"],
        metavar="SIZE|none",
        help="cut the middle square (default 512)",
    )
    add("--flicker", type=int, choices=(8, 6), default=default["flicker"], help="switches a second (default 8)")
    add("--distance-cm", type=float, default=default["distance_cm"], metavar="CM", help="eyes to screen (default 60)")
    add("--limit", type=int, metavar="N", help="the first so many photographs only")
    add("--consent", type=users_path, metavar="FILE", help="the text that raters agree to (default: the suite's)")
    add("--host", default="127.0.0.1", help="address to serve on (default 127.0.0.1: this computer only)")
    add("--port", type=int, default=8642, help="port to serve on (default 8642)")
    add("--address", metavar="URL", help="how raters' browsers reach a proxy in front of it")
    add("--invite", type=int, default=0, metavar="N", help="print so many new invitations")
    add("--viewing", choices=VIEWINGS, help="whose ratings become the set (default flicker, if anyone's)")
    add("--finish", action="store_true", help="export without serving")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
