extension RewriteCommand {
  public static let table = CommandTable(
    name: "rewrite",
    summary: "Compiles memories offline and writes them, with the model, into one safetensors file.",
    forms: [
      "BASE --spec SPEC.json -o OUT.safetensors [options]",
      "BASE --update SPEC.json -o OUT.safetensors",
      "BASE --remove NAME -o OUT.safetensors",
      "BASE --merge FILE... -o OUT.safetensors",
      "BASE --spec SPEC.json --shard K/N --sidecar PART.memory.safetensors",
      "BASE --statistics FILE",
      "FILE --sidecar OUT.memory.safetensors",
      "FILE --strip -o OUT.safetensors",
      "FILE --transformers FOLDER",
      "FILE --verify",
      "--explain FILE NAME [--prompt TEXT] [--prompts FILE]",
      "--init [BASE] PROMPT TARGET [-o SPEC.json]",
    ],
    operands: [
      CommandOperand(
        "BASE",
        help: "a .safetensors file, a folder (also with model.safetensors.index.json), a .gguf file, or a "
          + "patched file, whose memories stay, but for those that are replaced by one of the same name"),
      CommandOperand(
        "NAME or PROMPT", isRequired: false, isFile: false,
        help: "with --explain: a memory of FILE; with --init: a text"),
      CommandOperand("TARGET", isRequired: false, isFile: false, help: "with --init: what should follow the text"),
    ],
    options: [
      CommandOption(
        "spec", value: "FILE",
        help: "the memories to compile: JSON, JSON lines, a table (CSV, TSV), or a CounterFact file"),
      CommandOption(
        "update", value: "FILE",
        help: "make the memories those of a spec: compile what is new or changed, take out what it lacks, keep the rest"
      ),
      CommandOption("output", letter: "o", value: "FILE", help: "the file to write"),
      CommandOption("method", value: "auto|seed", help: "the method of every memory, instead of the spec's"),
      CommandOption(
        "setting", value: "NAME=VALUE", isRepeatable: true,
        help: "another value of one of the compiler's settings, for experiments (docs/settings.md); may be given "
          + "several times"),
      CommandOption(
        "table", value: "bf16|f32",
        help:
          "the type of the new memories' keys and deltas; bf16 takes half the bytes, and what is measured and written is "
          + "rounded (default: f32, or bf16 beside memories that are all so)"),
      CommandOption("map", help: "patch every token at every layer and show the map"),
      CommandOption(
        "report", value: "FILE",
        help: "write the results as one web page with pictures: maps, curves, where memories act"
      ),
      CommandOption(
        "figures", value: "FOLDER",
        help:
          "write the report's figures into a new folder, each as a picture (SVG) and its numbers (CSV), named after "
          + "memory and figure; with --force a folder is replaced that holds nothing else"),
      CommandOption("json", help: "print the results, and the time and operations of each pass, as one JSON object"),
      CommandOption("dry-run", help: "compile and measure, but write neither model nor sidecar"),
      CommandOption("force", help: "replace outputs that exist"),
      CommandOption(
        "remove", value: "NAME", isRepeatable: true,
        help: "take a memory out, or all whose names a pattern with * and ? matches; may be given several times"),
      CommandOption(
        "remove-list", value: "FILE", isRepeatable: true, help: "take out the memories that a file names, one per line"),
      CommandOption(
        "merge", value: "FILE", isRepeatable: true, takesSeveral: true,
        help: "add the memories of other patched files or sidecars of the same base; of parts that --shard wrote, make "
          + "the file that a compile of the whole spec writes; may be given several times"),
      CommandOption("any-base", help: "with --merge: also memories that were made for another base"),
      CommandOption(
        "sidecar", value: "FILE",
        help: "write the memories alone, for run --memory, --merge, and programs that refuse tensors they do not know"),
      CommandOption("verify", help: "compare hashes, tables and manifest with what the file holds; write nothing"),
      CommandOption(
        "explain",
        help: "show what a memory does, and how far prompts are from its boundary; without prompts, those that it was "
          + "compiled with"),
      CommandOption(
        "prompt", value: "TEXT", isRepeatable: true, help: "with --explain: a prompt; may be given several times"),
      CommandOption(
        "prompts", value: "FILE", isRepeatable: true,
        help:
          "with --explain: prompts, one per line, or a spec, whose prompts are all taken; may be given several times"),
      CommandOption(
        "init",
        help: "write a first spec to edit, with suggestions of prompts that should get the target and of prompts that "
          + "should not; BASE is asked for related facts"),
      CommandOption("chat", help: "with --init: the prompt is what a user says, in the model's chat template"),
      CommandOption("strip", help: "take out everything that patching added"),
      CommandOption(
        "transformers", value: "FOLDER",
        help: "write a folder that Hugging Face transformers loads as the patched model, with trust_remote_code"),
      ModelFile.dtypeOption,
      CommandOption(
        "shard", value: "K/N",
        help: "compile the K-th of N shares of the spec, beside the prompts of all of it, and write a part for --merge"),
      CommandOption("resume", help: "go on with an interrupted compile from the journal beside its output"),
      CommandOption(
        "keep-going", help: "leave out memories that cannot be compiled, with --merge also parts that are missing"),
      CommandOption(
        "background", value: "FILE",
        help: "text that memories should leave alone, one passage per line, instead of text that the model writes"),
      CommandOption(
        "statistics", value: "FILE",
        help:
          "a file that keeps the background text and its activations, for many rewrites of one base; written where it does not "
          + "exist; without --spec, that is all that is done"),
      CommandOption("seed", value: "N", help: "the seed of the text that the model writes (default 0)"),
      CommandOption("threads", value: "N", help: "at most N threads (default: one per processor)"),
      CommandOption("quiet", help: "no notes and no progress on standard error"),
    ],
    statuses: [
      (0, "the file was written and every memory gives its target"), (1, "something failed"),
      (2, "the command line is wrong"),
      (
        3,
        "the file was written, but a memory was left out, or does not give its target on its own prompt (only reported "
          + "for a memory of method seed with every setting pinned, and for a merged one that does not give its target "
          + "by itself)"
      ),
      (4, "the file was written, but two memories give one question two answers"),
    ])
}
