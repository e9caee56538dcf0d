"""
The way from the journal to the store.

`shipper` is the thread, or the caller's in `foreground`; `requests` is what others ask of it, and
`rounds` decides when; `store_opening` opens the store; `dispatch` knows what comes first;
`delivery` carries one portion and finds the bad rows; `refusals` tells a bad row from a broken
table. Pictures take a way of their own, that of `courier`: a row never waits for its picture, which
is given to it later.
"""

from otel_steps.shipper.shipper import Shipper

__all__ = ["Shipper"]
