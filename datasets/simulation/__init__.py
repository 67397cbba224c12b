"""Simulated observers: criteria, loss curves of ColorVideoVDP, photographs that go in and the set that comes out."""
