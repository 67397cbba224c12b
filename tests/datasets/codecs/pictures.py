"""A small picture that the tests of all codecs share."""

import numpy as np
from skimage import data

PHOTOGRAPH = np.ascontiguousarray(data.astronaut()[40:104, 190:270])
"""64 x 80 pixels of a face."""
