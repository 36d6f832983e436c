"""Makes the generated seeds: python -B make.py FOLDER writes them there, and the sums that the tests compare.

Same packages (requirements.txt), same bytes: nothing here reads a clock or the network. `make seeds` is the way to call it.
"""

import csv
import hashlib
import io
import sys
from pathlib import Path

import areas
import calendars
import currencies
import labels
import zones

SUMS = "make/checksums.txt"


def seeds():
    """All generated seeds: name -> (header, rows)."""
    return {**calendars.seeds(), **zones.seeds(), **labels.seeds(), **areas.seeds(), **currencies.seeds()}


def csv_bytes(header, rows):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def main(folder):
    written = {f"{name}.csv": csv_bytes(*table) for name, table in seeds().items()}
    for name, data in written.items():
        (folder / name).write_bytes(data)
    here = Path(__file__).parent
    summed = dict(written)
    for source in [*here.glob("*.py"), here / "requirements.txt"]:
        summed[f"make/{source.name}"] = source.read_bytes()
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(summed.items())]
    (folder / SUMS).parent.mkdir(exist_ok=True)
    (folder / SUMS).write_text("".join(lines))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -B make.py FOLDER")
    main(Path(sys.argv[1]))
