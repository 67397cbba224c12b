"""`python -m datasets.rate`: let people rate photographs in a browser, and make a data set of what they say."""

from __future__ import annotations

import argparse
import dataclasses
import ipaddress
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import check_writable, read_text, users_path
from datasets.common.hashing import sha256_of_bytes
from datasets.ratings.study import folder
from datasets.ratings.study.database import FILE, Database
from datasets.ratings.study.entry import invite
from datasets.ratings.study.settings import TRIALS, StudySettings
from datasets.ratings.study.study import Study

_CONSENT = Path(folder.__file__).with_name("consent.txt")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_THREADS = 8

_EPILOG = ""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0.
    :raises UserError: for what the user can put right.
    """
    arguments = _parser().parse_args(argv)
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
    origins = _origins(arguments)
    pictures = folder.prepare(arguments.out, arguments.photos, settings, about)
    database = Database(arguments.out / FILE)
    try:
        study = Study(arguments.out, settings, pictures, consent, database, invited_only=_is_open_to_others(arguments))
        if not arguments.finish:
            _serve(study, arguments, origins)
    finally:
        database.close()
    return 0


def _serve(study: Study, arguments: argparse.Namespace, origins: list[str]) -> None:
    try:
        import waitress

        from datasets.ratings.study.server import create_app
    except ImportError as error:
        raise UserError(f"{error.name} is not installed. Add it: pip install 'jnd-bench[rate]'") from error
    owner_token = secrets.token_urlsafe(16)
    try:
        app = create_app(study, frozenset(origins), owner_token)
        server: Any = waitress.create_server(
            app,
            host=arguments.host,
            port=arguments.port,
            threads=_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise UserError(
            f"{arguments.host}, port {arguments.port}: cannot be served ({error.strerror}). Name another --port."
        ) from error
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


def _crop(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if text.isdigit() and int(text) >= 64:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}: expected a number of pixels from 64, or none")


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
    add("--crop", type=_crop, default=default["crop"], metavar="SIZE|none", help="cut the middle square (default 512)")
    add("--flicker", type=int, choices=(8, 6), default=default["flicker"], help="switches a second (default 8)")
    add("--distance-cm", type=float, default=default["distance_cm"], metavar="CM", help="eyes to screen (default 60)")
    add("--limit", type=int, metavar="N", help="the first so many photographs only")
    add("--consent", type=users_path, metavar="FILE", help="the text that raters agree to (default: the suite's)")
    add("--host", default="127.0.0.1", help="address to serve on (default 127.0.0.1: this computer only)")
    add("--port", type=int, default=8642, help="port to serve on (default 8642)")
    add("--address", metavar="URL", help="how raters' browsers reach a proxy in front of it")
    add("--invite", type=int, default=0, metavar="N", help="print so many new invitations")
    add("--finish", action="store_true", help="export without serving")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
