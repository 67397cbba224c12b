"""Bringing a data set here: download, unpack, verification."""
