"""Simulated observers: what they see with, their criteria, loss curves, and the folder of a finished set."""
