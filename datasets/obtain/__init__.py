"""Bringing a data set here: an archive is downloaded, checked and unpacked, and every file of a set verified."""
