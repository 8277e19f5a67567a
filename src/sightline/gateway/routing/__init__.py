"""Who is told, and who next: duty, escalation, and those who are not connected."""
