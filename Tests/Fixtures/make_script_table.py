"""Makes Sources/Runtime/Tokenizer/Patterns/ScriptTable.swift: the scalars of each Unicode script, as the regular
expressions of the `tokenizers` library have them.

usage: make_script_table.py PropertyValueAliases.txt        needs: tokenizers; the file is part of the Unicode database
"""

import pathlib
import sys
import textwrap

from tokenizers import Regex, pre_tokenizers

SCALARS = [value for value in range(0xE0200) if not 0xD800 <= value < 0xE000 and not 0x32400 <= value < 0xE0000]
TEXT = "".join(map(chr, SCALARS))
HEAD = '''/// The scalars of each Unicode script (Unicode 16), as make_script_table.py writes them.
enum ScriptTable {
  /// A line per script: its names, a colon, and its ranges in hexadecimal, each counted from the end of the one before:
  /// the distance to its first scalar, and after a plus how many more it has.
  static let text = """
'''


def ranges(name):
    """The ranges of a script, (first, last) each; None where the library does not know it."""
    try:
        runs = pre_tokenizers.Split(Regex(rf"\p{{{name}}}+"), "removed", invert=True).pre_tokenize_str(TEXT)
    except Exception:
        return None
    found = []
    for _, (start, end) in runs:
        first, last = SCALARS[start], SCALARS[end - 1]
        if first < 0xD800 <= last:
            found += [(first, 0xD7FF), (0xE000, last)]
        else:
            found.append((first, last))
    return found


def main():
    lines = []
    for line in open(sys.argv[1], encoding="utf-8"):
        fields = [field.strip() for field in line.split("#")[0].split(";")]
        if fields[0] != "sc" or fields[1] in ("Zzzz", "Hrkt") or (found := ranges(fields[2])) is None:
            continue
        end, parts = 0, []
        for first, last in found:
            parts.append(f"{first - end:X}" + (f"+{last - first:X}" if last > first else ""))
            end = last
        names = sorted({fields[2], fields[1]}, key=lambda name: -len(name))
        lines += textwrap.wrap(" ".join(names) + ": " + " ".join(parts), 116, subsequent_indent="  ")
    path = pathlib.Path(__file__).resolve().parents[2] / "Sources/Runtime/Tokenizer/Patterns/ScriptTable.swift"
    path.write_text(HEAD + "\n".join("    " + line for line in lines) + '\n    """\n}\n')
    print(len(lines), "lines")


main()
