"""
What a list shows of a task beside its row, and which flags it has: told from all its steps once,
kept by the store, and told anew where it is not.
"""
