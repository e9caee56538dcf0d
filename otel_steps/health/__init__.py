"""How a recording stands: its problems, its figures, and what a person can do about them."""
