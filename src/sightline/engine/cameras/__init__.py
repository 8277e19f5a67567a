"""Sources read, a thread each, and the pictures that wait to be analysed."""
