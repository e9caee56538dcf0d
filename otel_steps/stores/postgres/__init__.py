"""The store of a PostgreSQL that one runs oneself."""
