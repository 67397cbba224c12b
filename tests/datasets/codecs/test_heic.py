"""Protects HEIC: read as it is, and never encoded."""

import base64

import numpy as np
import pytest

from datasets.codecs.heic import Heic
from datasets.common.errors import UserError

FILE = base64.b85decode(
    "0000OW^{RQXk}?*00000ZE0pPXk}?*0004KZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l0RRC2"
    "00001hyVcq00000003$L001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002!X>f9I0002VX>en20001WXm(>m"
    "0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDDMA4O18@KU0|1Z!00RI30{|YNAb|yz>aLpR;31&E"
    "fB*mtfB*mk0EA)y0RRR>0l{;@i2wiq6lrsCWdHyG00000KmY&$KmY&$C}V74Z~y=R3jhEB0RR912><{90ssI1%K!iX0{{R2$p8QV0ssI25O8UD"
    "X#fBK00RgJ2mk;87in;9VE_OC000000RRC6fdT}B0001TZDe6|0001HC;_hy$ZroKSAbC1d}v3ipB;b6W#-_yzV<+<mx{G~0$=`17>&?`t$Mbs"
    "0`+7$(}?e~^7(uysF*t9sSm02AtMi=^!_OHfHBhuQNR0P#rSLcy2;UMHR*L=T7Adop$fh#ZFm"
)
"""11 x 9 pixels: red grows downwards, green to the right, blue falls with both. By x265, quality 70."""


def test_it_is_never_encoded():
    with pytest.raises(UserError, match="HEIC cannot be encoded here"):
        Heic().encode(np.zeros((8, 8, 3), np.uint8), 52)


def test_a_file_is_read():
    pytest.importorskip("pi_heif", reason="the extra 'heic' is not installed")
    y, x = np.mgrid[:9, :11]
    picture = np.stack([20 * y + 30, 18 * x + 40, 200 - 8 * (x + y)], axis=-1)
    read = Heic().decode(FILE)
    assert read.dtype == np.uint8 and read.shape == picture.shape
    assert np.abs(read.astype(int) - picture).mean() < 8
    assert "libheif " in Heic().library()


def test_a_damaged_or_foreign_file_is_refused_in_one_way(capfd):
    pytest.importorskip("pi_heif", reason="the extra 'heic' is not installed")
    for cut in (0, 10, len(FILE) // 2, len(FILE) - 1):
        with pytest.raises(ValueError, match="cannot be decoded"):
            Heic().decode(FILE[:cut])
    with pytest.raises(ValueError, match="cannot be decoded"):
        Heic().decode(b"no picture" * 20)
    assert capfd.readouterr() == ("", "")
