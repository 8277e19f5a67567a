"""How well recognition works: on pairs of pictures, on the people enrolled here, on a video with known truth.

    pairs file ─→ pictures ─→ templates ─→ distances ─┐
    gallery ───────────────→ leave one out ───────────┼→ error rates ─→ figures (JSON), plots (PNG), page (HTML)
    video + truth ─→ camera analysis ─→ tracks ───────┘

The arithmetic is in `sightline.identities`; files and models come from the caller. Nothing is stored, nobody is told.
"""
