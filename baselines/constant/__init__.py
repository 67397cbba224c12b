"""Controls that use no pixels, and encoders that turn a target into a quality by their own rule.

A new one is a file with a `JNDPredictor`.
"""
