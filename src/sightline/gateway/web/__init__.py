"""HTTP: what every request passes, and what REST takes and gives."""
