"""The data sets. A new one is one file here with one final subclass of `Dataset`; it is found by its card's name.

A name with an underscore is a piece that sets share: `_layout` finds files under a root and gathers what is wrong.
"""
