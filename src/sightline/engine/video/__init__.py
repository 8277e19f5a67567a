"""Encoded packets: live, kept for clips, recorded."""
