"""Networks and their training. Files here import torch; others do not, so that listing methods stays fast."""
