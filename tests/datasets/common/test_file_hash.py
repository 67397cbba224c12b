"""Protects the hash of a file: of its bytes as they are now."""

import hashlib
import os

from datasets.common.file_hash import file_sha256


def test_a_replaced_file_has_another_hash(tmp_path):
    path = tmp_path / "weights.pth"
    for content in (b"first", b"second one"):
        path.write_bytes(content)
        assert file_sha256(path) == hashlib.sha256(content).hexdigest()
    path.write_bytes(b"same sized")
    os.utime(path, ns=(1, 1))
    assert file_sha256(path) == hashlib.sha256(b"same sized").hexdigest()
