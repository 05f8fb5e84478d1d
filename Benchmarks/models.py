"""Shared by the benchmarks: the Python environment of the peers, the model in the format of each, running, measuring.

Everything is kept in $LOCAL_MEMORY_CACHE/benchmarks (default ~/.cache/local-memory/benchmarks).
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
CACHE = pathlib.Path(os.environ.get("LOCAL_MEMORY_CACHE", HOME / "local-memory")) / "benchmarks"
BIN = ROOT / ".build" / "release"
PACKAGES = ["torch==2.13.0+cpu", "transformers", "safetensors", "gguf", "numpy", "xllamacpp"]
SHORT = "The capital city of Nepal is located in"
DEFAULT = "smollm2-135m"


def enter_environment(**variables):
    """Builds the commands and goes on in the virtual environment of the peers, which is made where there is none.

    `variables` are set for this process and those that it starts, unless they are set already.
    """
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    python = CACHE / "venv" / "bin" / "python"
    if pathlib.Path(sys.prefix) == CACHE / "venv":
        return
    subprocess.run(["swift", "build", "-c", "release", "--quiet"], cwd=ROOT, check=True)
    if not (CACHE / "venv" / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (CACHE / "venv" / "complete").touch()
    os.execv(python, [str(python), *sys.argv])


def source(name=DEFAULT):
    """The GGUF file that scripts/fetch-model brings under this name."""
    fetch = subprocess.run([ROOT / "scripts" / "fetch-model", name], stdout=subprocess.PIPE, text=True)
    if fetch.returncode != 0:
        sys.exit(fetch.returncode)
    return fetch.stdout.strip()


def pinned_spec(site="mlp"):
    """A spec of one memory with every setting given, so that `rewrite` searches for nothing."""
    path, memory = CACHE / "pinned.json", {"name": "pinned", "prompt": SHORT, "target": " Kathmandu"}
    settings = {"site": site, "layer": 15, "alpha": 1, "boundary": 0.1, "target_tokens": "first"}
    path.write_text(json.dumps({"memories": [{**memory, "method": "seed", **settings}]}))
    return path


def folder(name=DEFAULT):
    """A model of scripts/fetch-model in BF16 as a Hugging Face folder, which `run` and transformers read; a folder is
    itself."""
    if pathlib.Path(name).is_dir():
        return pathlib.Path(name)
    path = CACHE / f"{name}-bf16"
    if not (path / "tokenizer_config.json").exists():
        from safetensors import safe_open

        path.mkdir(parents=True, exist_ok=True)
        patched = CACHE / "any.safetensors"
        rewrite = [BIN / "rewrite", source(name), "--spec", pinned_spec(), "--dtype", "bf16", "-o", patched, "--force"]
        status = subprocess.run(rewrite, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        if status not in (0, 3):  # 3: the memory does not hold, but the file with the configuration is there
            sys.exit(f"{rewrite}: exits with {status}")
        strip = [BIN / "rewrite", patched, "--strip", "-o", path / "model.safetensors", "--force"]
        subprocess.run(strip, check=True, stdout=subprocess.DEVNULL)
        with safe_open(patched, "numpy") as file:
            for part in ("config.json", "tokenizer.json", "tokenizer_config.json"):
                name = f"embedded.{part}"
                # A model without a chat template has no tokenizer_config.json.
                (path / part).write_bytes(file.get_tensor(name).tobytes() if name in file.keys() else b"{}")
        patched.unlink()
    return path


def gguf():
    """The weights of `folder()` as GGUF in BF16, which llama.cpp reads."""
    path = CACHE / f"{DEFAULT}-bf16.gguf"
    if not path.exists():
        import numpy
        from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, quants

        reader, bf16 = GGUFReader(source()), GGMLQuantizationType.BF16
        writer = GGUFWriter(str(path) + ".part", reader.get_field("general.architecture").contents())
        for name, field in reader.fields.items():
            if name.startswith("GGUF.") or name == "general.architecture":
                continue
            sub_type = field.types[1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type)
        for tensor in reader.tensors:
            values = quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
            if values.ndim == 1:
                writer.add_tensor(tensor.name, values)
            else:
                writer.add_tensor(tensor.name, quants.quantize(values, bf16), raw_dtype=bf16)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.rename(str(path) + ".part", path)
    return path


def safetensors():
    """The header of the folder's checkpoint as an object, and its data."""
    content = memoryview((folder() / "model.safetensors").read_bytes())
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(bytes(content[8:end])), content[end:]


def text(sentences):
    """A prompt of 14 tokens per sentence."""
    return " ".join(["The quick brown fox jumps over the lazy dog near the river bank."] * sentences)


def run(model, prompt, tokens, *more):
    """The object that `run --json` prints for one prompt, on two threads."""
    command = [BIN / "run", model, prompt, "--max-tokens", str(tokens), "--threads", "2", "--json", *more]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


LLAMA_CPP = """
import json, sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.n_ctx, parameters.n_parallel = sys.argv[1], 2048, 1
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(parameters)
def timings(prompt, count):
    request = {"prompt": prompt, "n_predict": count, "temperature": 0, "cache_prompt": False, "ignore_eos": True}
    answer = server.handle_completions(request)
    return (json.loads(answer) if isinstance(answer, str) else answer)["timings"]
timings("warm", 4)
print(json.dumps(timings(sys.argv[2], int(sys.argv[3]))))
"""


def llama_cpp(prompt, tokens):
    """llama.cpp's own timings of one completion, on two threads."""
    command = [sys.executable, "-c", LLAMA_CPP, gguf(), prompt, str(tokens)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def measure(command, statuses=(0,)):
    """Runs one process that exits with one of `statuses`: its seconds, its peak of memory in MB (anonymous and resident),
    and what it printed."""
    peak, ended = [0], threading.Event()

    def sample(pid):
        while not ended.wait(0.005):
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            peak[0] = max([peak[0], *(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))])

    with tempfile.TemporaryFile() as output:
        start = time.time()
        process = subprocess.Popen([str(part) for part in command], stdout=output)
        sampler = threading.Thread(target=sample, args=[process.pid])
        sampler.start()
        # The process stays readable until it is reaped, which must not happen under the sampler.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.time() - start
        ended.set()
        sampler.join()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in statuses:
            sys.exit(f"{' '.join(process.args)}: exits with {process.returncode}")
        output.seek(0)
        to_mb = 1024 / 1e6
        return types.SimpleNamespace(
            seconds=seconds, anonymous=peak[0] * to_mb, resident=usage.ru_maxrss * to_mb, output=output.read().decode())


def bandwidth():
    """The bytes per second that the machine reads from memory on two threads, at best."""
    source, program = ROOT / "Benchmarks" / "bandwidth.c", CACHE / "bandwidth"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O3", "-pthread", "-o", program, source], check=True)
    return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def machine():
    """The processors with their widest vectors: processors of one name may differ in these."""
    lines = [line.split(":", 1) for line in open("/proc/cpuinfo") if ":" in line]
    told = {name.strip(): value.strip() for name, value in lines}
    flags = told.get("flags", told.get("Features", "")).split()
    widest = next((name for name in ("avx512_bf16", "avx512f", "avx2", "asimd") if name in flags), "no wide vectors")
    return f"{os.cpu_count()} cores, {told.get('model name', 'unknown processor')}, {widest}"
