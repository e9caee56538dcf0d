"""
Rows: what the tables hold, and the way there from spans and back.

`model` is the one table of columns: a line of a row class says what a column is called, of which
kind it is, which attribute fills it and whether the index of a task shows it. All else is made from
that: `mapping` (spans to rows), `unmapping` (rows to spans), `tables` (what a store has to know),
`step_index`, and the columns on the page of attributes. A new column is a line there, and one in a
migration for the databases that are not ours to change.
"""
