"""Append events to a file store until killed, saying on standard output which are kept.

Run as ``python -m tests.stores.kode.event_writer BASE NAME [COUNT]``.
"""

import sys
from itertools import count
from pathlib import Path

from stores.conformance.samples import make_event
from stores.kode.files import FileStore


def main(base: str, name: str, most: str = "0") -> None:
    store = FileStore(Path(base))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for seq in range(int(most)) if int(most) else count():
        store.append_event("agt-1", make_event(seq, text=f"{name} {'x' * (seq % 700)}"))
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
