"""Protects ST-LPIPS: scores are those of the authors' code, from the package's weights alone."""

import importlib.metadata
import socket
from importlib.util import find_spec

import numpy as np
import pytest

from baselines.metric.stlpips import StLpips
from datasets.common.errors import UserError

needs_package = pytest.mark.skipif(
    find_spec("stlpips_pytorch") is None, reason="needs the extra: pip install -e '.[stlpips]'"
)


@needs_package
def test_it_keeps_metrics_promises_without_the_network(keeps_metrics_promises, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it asks the network"))
    assert StLpips().unavailable() == ""
    keeps_metrics_promises(StLpips())


@needs_package
def test_the_score_is_that_of_the_authors_code(photograph):
    """As `stlpips.LPIPS(net='alex', variant='shift_tolerant')` of version 0.0.2 gave it."""
    assert StLpips().against(photograph, 24.3)(photograph // 32 * 32) == pytest.approx(0.142196, rel=1e-4)


@needs_package
def test_small_pictures_are_an_error():
    with pytest.raises(UserError, match="at least 64 pixels"):
        StLpips().against(np.zeros((63, 100, 3), np.uint8), 24.3)


def test_without_the_package_one_line_says_how_to_install_it(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    why = StLpips().unavailable()
    assert "stlpips-pytorch, which is not installed" in why
    assert why.endswith("pip install -e '.[stlpips]'")
    assert "\n" not in why
