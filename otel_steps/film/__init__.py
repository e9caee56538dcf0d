"""
A task as a moving picture: what is to be seen at each moment, its drawing, and its files.

`moments`, `shapes` and `layout` tell from rows what is shown. `painter` draws one moment, with what
`markers`, `icons`, `ink` and `fonts` know; `gif` and `video` make files of what was drawn, one
picture after the other, so that a long task needs no more memory than a short one.

What draws needs Pillow, and is loaded when a film is made.
"""
