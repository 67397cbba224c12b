"""SG-JND: the semantic-guided predictor (Cao et al., ICIP 2024); fine-tuned and frozen, and its commands."""

import baselines  # noqa: F401  # which refuses packages of others that have our names
