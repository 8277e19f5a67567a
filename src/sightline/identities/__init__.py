"""Who a face is: alignment, sample quality, gallery search, and consensus over a track.

A *sample* is one face of one frame; aligned and embedded it gives a *probe*, which is searched in the
*gallery*. No single probe names anybody: `consensus` does, over the samples of a track.
"""
