"""Instrumentors: they turn an agent's own calls into task and step spans."""
