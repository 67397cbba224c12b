"""Simulated observers: their criteria, loss curves by ColorVideoVDP, and the folder of a finished set."""
