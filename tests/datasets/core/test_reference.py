"""A cited work as one line for people."""

from __future__ import annotations

import pytest

from datasets.core.reference import Reference


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (
            Reference(("A. B. Watson",), "DCTune", "SID XXIV:946-949", 1993),
            "A. B. Watson, DCTune, SID XXIV:946-949, 1993",
        ),
        (Reference(("A. Body", "B. Other"), "T", "V", 2000), "A. Body and B. Other, T, V, 2000"),
        (Reference(("A. Body", "B. Other", "C. Third"), "T", "V", 2000), "A. Body, B. Other and C. Third, T, V, 2000"),
        (Reference(("L. Cao", "others"), "T", "V", 2000), "L. Cao et al., T, V, 2000"),
        (Reference((), "T", "V", 2000, doi="10.1/2", url="https://x.org"), "T, V, 2000, doi:10.1/2, https://x.org"),
        (Reference(("A. Body",), "T", "", 2000, note="its masking"), "A. Body, T, 2000 (its masking)"),
    ],
)
def test_a_reference_is_one_line(reference, text):
    assert reference.text == text


def test_one_string_of_authors_is_refused():
    with pytest.raises(TypeError, match=r"\('A. Body',\)"):
        Reference("A. Body", "T", "V", 2000)  # type: ignore[arg-type]
