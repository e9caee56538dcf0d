"""
The journal on disk: written on the agent's threads, read back by whoever ships it.

    backup/steps/
        <utc_ns>-<pid>-<random>/   one folder a writing process: `owner`
            000001.jsonl           segments of OTLP JSON Lines: `segment`
            in-flight.log          what is known of the spans in flight: `in_flight`
            pictures/              what was captured
            *.shipped              what is stored but for its pictures
        uploads/                   pictures whose span is still to come: `uploads`
        dead/                      what no store will ever take: `dead_letters`; what stood in the
                                   way of all this and is nothing of it: `odd_files`

`journal` is the writer's side, `backlog` the reader's. Behind the first, `keeper` decides between
`own_files` and `memory`; `disk_use` tells when the disk is left alone, `disk_cap` when it is full.
"""

from otel_steps.journal.journal import Journal

__all__ = ["Journal"]
