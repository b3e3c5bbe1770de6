"""The trained Transformer in plain PyTorch: a peer of `benchmarks/translation.py`.

It reads the same weights, batches alike and searches alike, with PyTorch's fused
attention, and keys and values that grow by a step at a time.
"""

import json
from pathlib import Path

import torch
from beam_search_in_torch import PAD, START, UNKNOWN, beam_search
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


class TorchTransformer:
    """Encoder and decoder of a `weights/` folder.

    Args:
        folder: A trained `Transformer` with the norm before each branch, sinusoidal
            positions and one table of embeddings.
    """

    def __init__(self, folder: Path):
        self.config = json.loads((folder / "config.json").read_text("utf-8"))["config"]
        arrays = load_file(folder / "model.safetensors")
        self.arrays = {
            # PyTorch's `linear` wants kernels transposed, contiguous for speed.
            key: array.float().T.contiguous()
            if key.endswith("/kernel")
            else array.float()
            for key, array in arrays.items()
        }
        never = torch.zeros(self.config["vocab_size"])
        never[[PAD, UNKNOWN, START]] = -1e9
        self.output_bias = self.arrays["output_bias"] + never

    @torch.inference_mode()
    def beam_search(
        self, source: list[list[int]], beam_size: int, length_penalty: float
    ) -> list[list[int]]:
        """The best ids of each source."""
        c = self.config
        lengths = torch.tensor([len(ids) for ids in source])
        ids = nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in source], batch_first=True
        )
        mask = (ids != PAD)[:, None, None]  # (B, 1, 1, S)
        x = self._embed(ids, torch.arange(ids.shape[1]))
        for i in range(c["encoder_layers"]):
            x = self._encoder_block(f"encoder_{i}", x, mask)
        x = self._norm("encoder_norm", x)
        memory = []
        for i in range(c["decoder_layers"]):
            name, heads = f"decoder_{i}/cross_attention", c["decoder_heads"]
            pair = (self._linear(f"{name}/{part}", x) for part in ("key", "value"))
            memory.append([_split(part, heads) for part in pair])
        empty = x.new_zeros(
            len(ids) * beam_size,
            c["decoder_heads"],
            0,
            c["embed_dim"] // c["decoder_heads"],
        )
        states = [(empty, empty) for _ in range(c["decoder_layers"])]

        def step(last, states):
            return self._step(last, states, memory, mask, beam_size)

        return beam_search(step, states, lengths, beam_size, length_penalty)

    def _step(self, last, states, memory, mask, beam_size):
        c, states = self.config, list(states)
        position = torch.tensor([states[0][0].shape[2]])
        x = self._embed(last[:, None], position)  # (B * K, 1, D)
        for i in range(c["decoder_layers"]):
            name, heads = f"decoder_{i}", c["decoder_heads"]
            branch = self._norm(f"{name}/self_attention_norm", x)
            query, key, value = (
                _split(part, heads)
                for part in self._linear(f"{name}/self_attention/qkv", branch).chunk(
                    3, -1
                )
            )
            key = torch.cat([states[i][0], key], 2)
            value = torch.cat([states[i][1], value], 2)
            states[i] = (key, value)
            x = x + self._attend(f"{name}/self_attention", query, key, value)
            branch = self._norm(f"{name}/cross_attention_norm", x)
            query = self._linear(f"{name}/cross_attention/query", branch)
            query = query.view(-1, beam_size, c["embed_dim"])  # beams as query steps
            outputs = self._attend(
                f"{name}/cross_attention", _split(query, heads), *memory[i], mask
            )
            x = x + outputs.reshape(x.shape)
            x = self._feed_forward(name, x)
        x = self._norm("decoder_norm", x[:, 0])
        logits = functional.linear(x, self.arrays["embedding/embeddings"])
        return logits + self.output_bias, states

    def _encoder_block(self, name, x, mask):
        branch = self._norm(f"{name}/attention_norm", x)
        parts = self._linear(f"{name}/attention/qkv", branch).chunk(3, -1)
        heads = [_split(part, self.config["encoder_heads"]) for part in parts]
        x = x + self._attend(f"{name}/attention", *heads, mask)
        return self._feed_forward(name, x)

    def _feed_forward(self, name, x):
        branch = self._norm(f"{name}/feed_forward_norm", x)
        hidden = torch.relu(self._linear(f"{name}/feed_forward/hidden", branch))
        return x + self._linear(f"{name}/feed_forward/output_layer", hidden)

    def _attend(self, name, query, key, value, mask=None):
        heads = functional.scaled_dot_product_attention(query, key, value, mask)
        return self._linear(f"{name}/output_layer", heads.transpose(1, 2).flatten(2))

    def _linear(self, name, x):
        a = self.arrays
        return functional.linear(x, a[f"{name}/kernel"], a[f"{name}/bias"])

    def _norm(self, name, x):
        gamma, beta = self.arrays[f"{name}/gamma"], self.arrays[f"{name}/beta"]
        return functional.layer_norm(
            x, gamma.shape, gamma, beta, self.config["epsilon"]
        )

    def _embed(self, ids, positions):
        size = self.config["embed_dim"]
        rates = 10000.0 ** (-torch.arange(0, size, 2) / size)
        angles = positions[:, None] * rates
        vectors = torch.cat([angles.sin(), angles.cos()], -1)
        return self.arrays["embedding/embeddings"][ids] * size**0.5 + vectors


def _split(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(rows, steps, features) -> (rows, heads, steps, features of a head)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)
