"""Writes the files of a case to a folder."""

import os
import shutil
import struct
from pathlib import Path


def expand(case, corpus, folder):
    """Writes the files of `case`; `corpus` is the folder of index.json. Returns the path to open."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in case["layout"].items():
        path = folder / name
        if isinstance(content, str):
            shutil.copyfile(Path(corpus) / content, path)
        elif "link" in content:
            os.symlink(content["link"], path)
        else:
            with open(path, "wb") as file:
                for part in content["make"]:
                    write_part(part, file)
                file.truncate()
    return folder if case["open"] == "." else folder / case["open"]


def write_part(part, file):
    """Writes one part of a recipe: text, hex digits, a number of eight bytes, a repetition, or zeros as a sparse hole."""
    if "sparse" in part:
        file.seek(part["sparse"], os.SEEK_CUR)
    elif "u64" in part:
        file.write(struct.pack("<Q", part["u64"]))
    elif "hex" in part:
        file.write(bytes.fromhex(part["hex"]))
    elif "repeat" in part:
        file.write("".join(part["repeat"].replace("{i}", f"{i:07}") for i in range(part["count"])).encode())
    else:
        file.write(part["text"].encode())
