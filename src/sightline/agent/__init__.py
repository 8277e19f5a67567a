"""The program on a workstation: its webcam's pictures go to `/ws/verify`, and what the server says is carried out.

    webcam ─ newest picture ─→ line ─ /ws/verify ─→ answer ─→ conduct ─ deed ─→ desktop
                                 │                               ↑
                                 └── closed, silent ── tick ─────┘

`conduct` decides without I/O; `webcam`, `line` and `desktop` do one thing each; `agent` joins them and `status` is what
it shows of itself. Invariants: one picture is under way, and the next is always the newest; nothing is done twice for
one finding; while the screen is locked nothing is sent and the camera is closed; the token is in no log, no page and no
list of processes.
"""
