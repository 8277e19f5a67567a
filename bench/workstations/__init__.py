"""150 workstations on five engines: verdicts a second, how long one takes and why, beside the naive way."""
