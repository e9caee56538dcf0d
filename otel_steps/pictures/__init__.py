"""
Pictures: what was captured, what is made of it, and the one store that keeps it at any place.
"""
