"""Policy: which facts become alerts. Decides here, acts elsewhere; time and state are arguments."""
