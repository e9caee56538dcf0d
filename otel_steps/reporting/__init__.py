"""
Tasks told as reports: a page to read and to print, Markdown for a bug report, and text for a model.

One renderer each, for the command line and for the viewer; each yields pieces, so that a long run
is never in memory with all its pictures.
"""
