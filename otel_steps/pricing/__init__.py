"""What steps have used of their models, in tokens and in money, by a table of prices."""
