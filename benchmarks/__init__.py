"""What the project costs and survives: `pytest benchmarks --benchmark-enable -n 0`, and commands that print tables."""
