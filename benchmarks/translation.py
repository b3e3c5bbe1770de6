"""Speed of `seqzoo.load` and `translate`, beside the same model in plain PyTorch.

    python benchmarks/translation.py --model bilstm_attn_translate --out FILE.json

Needs Multi30k (see `seqzoo.data.multi30k`) and PyTorch. Both sides translate the same
1,000 sentences with the same beam, alternating in one run, after one run each that
compiles; medians are printed, and how many translations agree.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = str(os.cpu_count() or 1)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", THREADS)

# The file and the class of the same model in PyTorch.
PEERS = {
    "bilstm_attn_translate": ("translation_in_torch", "TorchTranslator"),
    "transformer_translate": ("transformer_in_torch", "TorchTransformer"),
}
BEAM_SIZE = 5
LENGTH_PENALTY = 1.0
ROUNDS = 5
SINGLE_ROUNDS = 50

LOAD = """
import sys, time, keras, tensorflow
start = time.perf_counter()
import seqzoo
seqzoo.load(sys.argv[1])
print(time.perf_counter() - start)
"""


def seconds(function: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def alternating(
    functions: dict[str, Callable[[], Any]], rounds: int
) -> dict[str, float]:
    """The median seconds of each function, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            times[name].append(seconds(function))
    return {name: statistics.median(each) for name, each in times.items()}


def load_seconds(name: str) -> float:
    """The median of five fresh processes, after Keras is imported."""
    found = []
    for _ in range(5):
        result = subprocess.run(
            [sys.executable, "-c", LOAD, name],
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(float(result.stdout.split()[-1]))
    return statistics.median(found)


def torch_translate(peer: Any, processor: Any, texts: list[str], rows: int):
    """`translate` on the PyTorch side: the same batches of neighbours in length."""
    sources = processor.encode_sources(texts)
    order = sorted(range(len(texts)), key=lambda i: -len(sources[i]))
    found: list[str] = [""] * len(texts)
    for start in range(0, len(order), rows):
        group = order[start : start + rows]
        batch = [sources[i] for i in group]
        for i, ids in zip(
            group, peer.beam_search(batch, BEAM_SIZE, LENGTH_PENALTY), strict=True
        ):
            found[i] = processor.decode(ids)
    return found


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bilstm_attn_translate", choices=PEERS)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    flags = parser.parse_args()

    import keras
    import torch

    import seqzoo
    from seqzoo.data import multi30k
    from seqzoo.zoo import bundle_folder

    torch.set_num_threads(int(THREADS))
    texts = multi30k().tests["test_2016_flickr"].source
    model = seqzoo.load(flags.model)
    module, peer_class = PEERS[flags.model]
    make_peer = getattr(importlib.import_module(module), peer_class)
    peer = make_peer(bundle_folder() / flags.model)
    options = {"beam_size": BEAM_SIZE, "length_penalty": LENGTH_PENALTY}

    def ours(some):
        return model.translate(some, **options)

    def theirs(some):
        return torch_translate(peer, model.processor, some, model.batch_size)

    first_call = seconds(lambda: ours(texts[:1]))
    agreeing = sum(a == b for a, b in zip(ours(texts), theirs(texts), strict=True))
    whole = alternating(
        {"seqzoo": lambda: ours(texts), "torch": lambda: theirs(texts)}, ROUNDS
    )
    one = alternating(
        {"seqzoo": lambda: ours(texts[0]), "torch": lambda: theirs(texts[:1])},
        SINGLE_ROUNDS,
    )
    record = {
        "model": flags.model,
        "device": f"{platform.processor() or platform.machine()}, {THREADS} cores",
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "torch": torch.__version__,
        "sentences": len(texts),
        "beam_size": BEAM_SIZE,
        "sentences_a_second": {k: len(texts) / v for k, v in whole.items()},
        "one_sentence_milliseconds": {k: v * 1000 for k, v in one.items()},
        "first_sentence_seconds": first_call,
        "equal_translations": agreeing,
        "load_seconds": load_seconds(flags.model),
    }
    speed, single = record["sentences_a_second"], record["one_sentence_milliseconds"]
    print(f"| beam {BEAM_SIZE}, {record['backend']} | seqzoo | PyTorch | ratio |")
    print("|---|---|---|---|")
    print(
        f"| {len(texts):,} sentences, sentences a second | {speed['seqzoo']:.0f} | "
        f"{speed['torch']:.0f} | {speed['seqzoo'] / speed['torch']:.2f} |"
    )
    print(
        f"| one sentence, ms | {single['seqzoo']:.1f} | {single['torch']:.1f} | "
        f"{single['torch'] / single['seqzoo']:.2f} |"
    )
    print(f"\nEqual translations: {agreeing} of {len(texts)}.")
    print(f"First sentence, which traces the search: {first_call:.1f} s.")
    print(f"seqzoo.load after Keras is imported: {record['load_seconds']:.2f} s.")
    if flags.out:
        flags.out.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
