"""Prints Sources/Format/GGUF/GGMLCodebookData.swift: the codebooks of ggml's IQ types, as gguf-py knows them.

usage: make_ggml_codebooks.py > ../../Sources/Format/GGUF/GGMLCodebookData.swift        needs: numpy, gguf
"""
import base64

import numpy as np
from gguf import quants

BOOKS = [("iq1", quants.IQ1_S), ("iq2_xxs", quants.IQ2_XXS), ("iq2_xs", quants.IQ2_XS), ("iq2_s", quants.IQ2_S),
         ("iq3_xxs", quants.IQ3_XXS), ("iq3_s", quants.IQ3_S)]
LINE = 112

print("""// Written by Tests/Fixtures/make_ggml_codebooks.py.
extension GGMLCodebook {""")
for number, (name, kind) in enumerate(BOOKS):
    kind.init_grid()
    grid = kind.grid.reshape(kind.grid_shape)
    digits = np.searchsorted(kind.grid_map, grid).astype(np.uint16)
    # An entry is one little-endian word, its first element in the low bits.
    bits = 16 // grid.shape[1]
    words = sum(digits[:, i] << (bits * i) for i in range(grid.shape[1])).astype("<u2")
    text = base64.b64encode(words.tobytes()).decode()
    values = ", ".join(str(int(value)) for value in kind.grid_map)
    lines = [text[i : i + LINE] + "\\" for i in range(0, len(text), LINE)]
    lines[-1] = lines[-1][:-1]
    print(f"""{chr(10) if number else ""}  static let {name} = GGMLCodebook(
    elements: {grid.shape[1]}, values: [{values}],
    words: \"\"\"""")
    for line in lines:
        print("      " + line)
    print('      """)')
print("}")
