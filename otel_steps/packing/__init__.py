"""
Recordings that go elsewhere whole: a pack of chosen tasks, and a backup of the embedded store.

| module | knows |
|---|---|
| `task_copy` | how a task with all that belongs to it gets from one store into another |
| `packer` | a pack as it is written; `stores.pack` reads it as a store |
| `unpacker` | the tasks of a pack, into a store |
| `checksums`, `backup`, `restoring` | everything in the embedded store, as a tar, and back |
| `whole_file` | how a file appears whole or not at all |

A pack is for others: it can be looked at as it is, and one can be brought into any store. A backup
is for oneself: it is a copy, and puts back what was there.
"""
