#!/usr/bin/env python3
"""Prints the cases that Python's safetensors decides otherwise than the index says.

Compares only what its reader checks: the container, in cases of the kinds safetensors and table.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from generator.expand import expand  # noqa: E402

# The error kinds of the container; all others are about its content, which safetensors does not check.
CONTAINER = {
    "headerTooSmall", "headerTooLarge", "invalidHeaderLength", "invalidHeader", "invalidHeaderDeserialization",
    "duplicateName", "invalidOffset", "validationOverflow", "misalignedSlice", "tensorInvalidInfo",
    "metadataIncompleteBuffer",
}


def verdict(path):
    """Returns `accept` and an empty text, or `reject` and the error."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="np") as file:
            list(file.keys())
        return "accept", ""
    except Exception as error:
        return "reject", f"{type(error).__name__}: {error}"


def main():
    try:
        import safetensors
    except ImportError:
        sys.exit("compare_with_safetensors: Python's safetensors is not installed")
    folder = Path(__file__).resolve().parent
    cases = [c for c in json.loads((folder / "index.json").read_text())["cases"] if c["kind"] in ["safetensors", "table"]]
    differing = 0
    for case in cases:
        expected = "reject" if case.get("error") in CONTAINER else "accept"
        with tempfile.TemporaryDirectory() as place:
            got, error = verdict(expand(case, folder, place))
        if got != expected:
            differing += 1
            print(f"{case['name']}: here {expected}, there {got}; {case['why']}" + (f" ({error})" if error else ""))
    print(f"{differing} of {len(cases)} cases differ (safetensors {safetensors.__version__})")


if __name__ == "__main__":
    main()
