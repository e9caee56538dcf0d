"""
The way from the journal to the store.

`shipper` is the thread and decides when; `dispatch` knows what comes first; `delivery` carries one
portion, with its pictures, and finds the bad rows; `refusals` tells a bad row from a broken table.
"""

from otel_steps.shipper.shipper import Shipper

__all__ = ["Shipper"]
