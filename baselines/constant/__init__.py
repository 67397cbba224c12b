"""Methods that use no pixels: constants, fixed settings, and rules by which an encoder chooses its quality.

They are the controls of every table. A new one is a file here with a final subclass of `JNDPredictor`, or of `OpenLoop`
(`_open_loop.py`) where a tool turns a distance into a quality that is the same for every picture.
"""
