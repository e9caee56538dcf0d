"""What the agent's threads ask of the one that ships, and what it answers."""

import math
import queue
import threading


class Requests:
    """Those of one process: a forked child has its own, and lets go of its parent's."""

    def __init__(self) -> None:
        # Of the agent's threads: written without a lock, since `notify` may interrupt anything.
        # Two at a time may count as one. Never lost is that there was something: the journal has it
        # before it is counted, and is read after the count was set to 0.
        self.pending = 0  # notified since the last look into the journal
        self.pending_since = 0.0
        self.wakes: queue.SimpleQueue[None] = queue.SimpleQueue()  # what the thread sleeps on

        # Guards what follows, and wakes those who wait for an answer. Who has it may be interrupted
        # by a call on the journal; never the other way round: what interrupts the journal takes no
        # lock (`notify`), or does not get one (`flush`).
        self.changed = threading.Condition()
        self.is_stopped = False
        self.asked = 0  # flushes
        self.answered = 0  # the last flush whose spans are in the store
        self.given_up = 0  # the last flush that met a store on hold
        self.is_hurried = False  # a flush waits, and has not been tried yet
        self.pictures_at = math.inf  # when the first picture arrived whose row does not show it
        self.dead = 0  # dead letters among the spans of this process
        self.missed = 0  # spans that the journal has given up, as far as a flush has told
        self.has_left = False  # spans to other processes, and has not seen to them since
