"""Workstations that are told to lock themselves, and the engines there is room on."""
