"""What a detector found in one frame: parallel arrays, the decoding of model outputs, suppression of
duplicates.

Invariants: boxes and landmarks are in pixels of the picture that was given to the detector (never of its
resized or padded copy); arrays of one `Faces` have the same length and are read-only; scores fall.
"""
