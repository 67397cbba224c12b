"""How large a pixel is to the eye."""

from __future__ import annotations

PIXELS_PER_DEGREE = 24.3
"""Pixels per degree of visual angle where nothing else is known of the viewers: 640 pixels shown 13.8 cm wide at 30 cm,
as KonJND-1k calibrated it for its crowd workers."""
