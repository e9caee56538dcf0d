"""
A pack, read as a store: tasks with all that belongs to them in one file, which is a plain ZIP.

========================  =====================================================================
`steps.db`                the tables, as the embedded store has them
`screenshots/ab/…`        the pictures as they were saved, each with its facts and small ones
`manifest.json`           what made it, which tasks are in it, size and sha256 of each file
========================  =====================================================================

Nothing in it is compressed: pictures are already, and so no small file becomes a large one here.
`otel_steps.packing` writes packs.
"""
