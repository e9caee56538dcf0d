"""Spans of other instrumentations, told as tasks and steps of ours."""
