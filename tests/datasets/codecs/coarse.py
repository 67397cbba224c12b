"""A codec that keeps the contract in a dozen lines, and others that break one promise of it each."""

import itertools
import os
import struct
import sys

import numpy as np

from datasets.core.codec import Codec

_CALLS = itertools.count()


class Coarse(Codec):
    """Keeps the first bits of every number: 1..7 of 8."""

    name, title, unit, suffix = "coarse", "Coarse", "bits", ".bits"
    worst_level, best_level, has_file_sizes = 1, 7, True

    def encode(self, rgb, level):
        bits = np.unpackbits(rgb.reshape(-1, 1), axis=1)[:, :level]
        return struct.pack(">HHB", *rgb.shape[:2], level) + np.packbits(bits).tobytes()

    def decode(self, encoded):
        height, width, level = struct.unpack(">HHB", encoded[:5]) if len(encoded) >= 5 else (0, 0, 0)
        count = height * width * 3
        if not count or not level or len(encoded) != 5 + (count * level + 7) // 8:
            raise ValueError("not a whole picture")
        bits = np.unpackbits(np.frombuffer(encoded[5:], np.uint8))[: count * level].reshape(-1, level)
        return (np.packbits(bits, axis=1) + (128 >> level)).astype(np.uint8).reshape(height, width, 3)

    def library(self):
        return "coarse 1.0"


class Unnamed(Coarse):
    name, step = "Coarse!", 4

    def library(self):
        return "coarse"


class TurnedRound(Coarse):
    worst_level, best_level = 7, 1


class Plateaus(Coarse):
    best_level = 12

    def encode(self, rgb, level):
        return super().encode(rgb, (level + 1) // 2)


class Lossless(Coarse):
    best_level = 8


class Swapped(Coarse):
    def decode(self, encoded):
        return super().decode(encoded)[..., ::-1]


class Cropped(Coarse):
    def decode(self, encoded):
        pixels = super().decode(encoded)
        return pixels[: max(pixels.shape[0] // 2 * 2, 2)]


class Lenient(Coarse):
    def decode(self, encoded):
        return super().decode(encoded) if len(encoded) > 5 else np.zeros((1, 1, 3), np.uint8)


class Loud(Coarse):
    def decode(self, encoded):
        try:
            return super().decode(encoded)
        except ValueError:
            print("warning: damaged", file=sys.__stderr__)
            raise


class OfAnotherKind(Coarse):
    def decode(self, encoded):
        try:
            return super().decode(encoded)
        except ValueError as error:
            raise RuntimeError("decoder") from error


class Counting(Coarse):
    def encode(self, rgb, level):
        return super().encode(rgb + np.uint8(next(_CALLS) * 31 % 256), level)


class OfProcess(Coarse):
    def encode(self, rgb, level):
        flipped = np.array(rgb)
        flipped[0, 0, 0] = os.getpid() % 251
        return super().encode(flipped, level)


class ReadOnly(Coarse):
    can_encode = False
