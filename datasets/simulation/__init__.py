"""Simulated observers: criteria, measured curves, and the folder they fill."""
