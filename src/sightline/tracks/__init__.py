"""Faces over time: which face of this frame is which face of the last one.

    tentative ── found again ─→ confirmed ←── found again ── lost
        │                           └──────── not found ─────→ │
        └── not found in time ──→ ended ←── not found in time ─┘

A *tracklet* is one unbroken run of one face in one camera. Ages are in milliseconds of capture time, never in
frames: cameras are analysed at any rate, and unevenly. A tracklet's id is never used again.
"""
