"""The tables of a shared database, brought up to date."""
