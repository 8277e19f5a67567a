"""Frames, pictures and recordings that clients push to be analysed."""
