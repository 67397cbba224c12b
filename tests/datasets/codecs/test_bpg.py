"""Protects BPG: that no other codec stands in for it."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.bpg import Bpg
from datasets.common.errors import UserError


def test_bpg_is_only_read_and_never_encoded():
    rgb = data.chelsea()[:16, :16].copy()
    with pytest.raises(UserError, match=r"BPG cannot be encoded.*konjnd-1k-bpg"):
        Bpg().encode(rgb, 20)
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG")
    np.testing.assert_array_equal(Bpg().decode(stream.getvalue()), rgb)
    assert "Pillow" in Bpg().library() and not Bpg.has_file_sizes
