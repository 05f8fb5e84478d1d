#!/usr/bin/env python3
"""Makes the conformance corpus: files/, model/ and index.json beside this script. README.md describes them.

    make_cases.py                  makes the corpus anew; the same bytes each time
    make_cases.py --expand FOLDER  also writes every case, the large ones too, to a folder of its own
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True

from generator import (  # noqa: E402
    config_cases, cue_cases, gguf_cases, half_cases, header_cases, index_cases, model, spec_cases, table_cases, tokenizer_cases,
)
from generator.corpus import Corpus  # noqa: E402
from generator.expand import expand  # noqa: E402
from generator.formats import compact, safetensors  # noqa: E402


def main():
    folder = Path(__file__).resolve().parent
    corpus = Corpus(folder)
    corpus.clear()
    corpus.write_model(
        {
            "model.safetensors": model.base_file(), "config.json": compact(model.CONFIG).encode(),
            "tokenizer.json": compact(model.TOKENIZER).encode(), "spec.json": compact(model.SPEC).encode(),
        }
    )
    corpus.write_model({name: safetensors(part) for name, part in zip(index_cases.SHARDS, index_cases.parts())})
    kinds = [header_cases, index_cases, config_cases, tokenizer_cases, spec_cases, table_cases, cue_cases, half_cases, gguf_cases]
    for cases in kinds:
        cases.add(corpus)
    corpus.write_index()
    if sys.argv[1:2] == ["--expand"]:
        for case in corpus.cases:
            expand(case, folder, Path(sys.argv[2]) / case["name"])
    verdicts = [case["verdict"] for case in corpus.cases]
    print(f"{verdicts.count('reject')} cases to reject, {verdicts.count('accept')} to accept")


if __name__ == "__main__":
    main()
