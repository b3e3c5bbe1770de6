"""Folders with one random fault each: they load, or a `ValueError` says what is wrong.

The seeds are fixed. `python -m tests.hub.test_fuzz 5000` tries as many faults.
"""

import copy
import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

import seqzoo

CHECKPOINTS = Path(__file__).parents[1] / "convert" / "golden"
VALUES = [
    *(None, True, False, 0, -1, 1, 2, 7, 30_001, 10**9, 2**31, 10**30),
    *(0.5, -0.5, float("nan"), float("inf"), 1e308),
    *("", "x", "lstm", "../../x", "\x00", "0" * 400, "é", "\ud800"),
    *([], [0], [1, 1, 1], [None], [[]], ["a", "b"], {}, {"0": 1}, {"class": "Toy"}),
    [1] * 3000,
]


def small_models():
    """A folder of each kind: texts, images, sequences, and of transformers."""
    from seqzoo.models import RecurrentClassifier, RecurrentLM, ViT
    from seqzoo.processors import (
        CharacterProcessor,
        ImageProcessor,
        LogMelProcessor,
    )

    lm = RecurrentLM.from_config(
        {"vocab_size": 3, "embed_dim": 2, "units": 2, "layers": 1}
    )
    lm.processor = CharacterProcessor("abc")
    vit = ViT.from_config(
        {
            **{"image_size": 4, "patch_size": 2, "channels": 1, "num_classes": 2},
            **{"embed_dim": 4, "num_layers": 1, "num_heads": 2, "hidden_dim": 4},
        }
    )
    vit.processor = ImageProcessor(["a", "b"], (4, 4), (0.5,), (0.5,))
    rnn = RecurrentClassifier.from_config(
        {"features": 2, "num_classes": 2, "units": 2, "zoneout": [0.1]}
    )
    rnn.processor = LogMelProcessor(["a", "b"], bands=2)
    return {"lm": lm, "vit": vit, "rnn": rnn}


def make_folders(root):
    """The folders; each then gets faults in copies."""
    for name, model in small_models().items():
        model.build()
        folder = seqzoo.save(model, root / name)
        (folder / "metrics.json").write_text(
            json.dumps(
                {
                    "params": 1,
                    "metrics": {"loss": {"value": 1.5, "seeds": [0], "examples": 3}},
                    "published": {"loss": {"value": 1, "source": "x"}},
                    "licence": "MIT",
                }
            )
        )
        seqzoo.hub.write_manifest(folder)
    for name in ("vit", "swin", "detr"):
        shutil.copytree(CHECKPOINTS / name, root / f"theirs_{name}")
    folder = shutil.copytree(CHECKPOINTS / "vit", root / "theirs_shards")
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    index = {}
    for i in range(2):
        file = f"model-{i + 1:05}-of-00002.safetensors"
        part = {name: tensors[name] for name in sorted(tensors)[i::2]}
        save_file(part, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": index})
    )
    return sorted(root.iterdir())


def places(tree, path=()):
    """The path to every node of a JSON tree."""
    yield path
    children = tree.items() if isinstance(tree, dict) else ()
    if isinstance(tree, list):
        children = list(enumerate(tree))[:3]
    for key, child in children:
        yield from places(child, (*path, key))


def mutated(tree, rng):
    """The tree with one node replaced, removed or renamed."""
    tree = copy.deepcopy(tree)
    paths = list(places(tree))
    path = paths[rng.integers(len(paths))]
    value = VALUES[rng.integers(len(VALUES))]
    if not path:
        return value
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    how = rng.integers(6)
    if how == 0:
        del parent[path[-1]]
    elif how == 1 and isinstance(parent, dict):
        parent["other"] = parent.pop(path[-1])
    else:
        parent[path[-1]] = value
    return tree


def spoil_json(path, rng):
    if rng.integers(8) == 0:  # as text
        data = bytearray(path.read_bytes())
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(bytes(data[: rng.integers(1, len(data) + 1)]))
    else:
        tree = mutated(json.loads(path.read_text()), rng)
        path.write_text(json.dumps(tree))


def spoil_safetensors(path, rng):
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header, body = data[8 : 8 + size], data[8 + size :]
    if rng.integers(2):
        header = json.dumps(mutated(json.loads(header), rng)).encode()
    elif rng.integers(2):
        spoilt = bytearray(header)
        spoilt[rng.integers(len(spoilt))] = rng.integers(256)
        header = bytes(spoilt)
    else:
        body = body[: rng.integers(len(body))]
    size = len(header) if rng.integers(8) else int(rng.integers(2**62))
    path.write_bytes(struct.pack("<Q", size) + header + body)


def spoil(folder, rng):
    """Puts one fault into a folder; returns the file."""
    files = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix in (".json", ".safetensors") and path.stem != "golden"
    ]
    path = files[rng.integers(len(files))]
    if path.suffix == ".json":
        spoil_json(path, rng)
    else:
        spoil_safetensors(path, rng)
    if path.name != "manifest.json" and (folder / "manifest.json").exists():
        # The fault is to be seen, not the wrong hash.
        seqzoo.hub.write_manifest(folder)
    return path.name


def attempt(folder, target, seed):
    """What is wrong with the answer to one fault, or None."""
    rng = np.random.default_rng(seed)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    spoilt = spoil(target, rng)
    for verb in (seqzoo.info, seqzoo.load):
        try:
            repr(verb(target))
        except (ValueError, FileNotFoundError) as error:
            text = str(error)
            if len(text.split()) < 6 or not (target.name in text or "`" in text):
                return f"{folder.name}/{spoilt}, seed {seed}: bare {error!r}"
        except Exception as error:
            return f"{folder.name}/{spoilt}, seed {seed}: {verb.__name__}: {error!r}"
    return None


def failures_of(count, root):
    folders = make_folders(root / "whole")
    found = []
    for seed in range(count):
        found.append(attempt(folders[seed % len(folders)], root / "spoilt", seed))
    return [one for one in found if one]


def test_a_folder_with_a_fault_is_a_value_error_in_words(tmp_path):
    (tmp_path / "whole").mkdir()
    assert not failures_of(32, tmp_path)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "whole").mkdir()
        print(*failures_of(int(sys.argv[1]), Path(temporary)), sep="\n")
