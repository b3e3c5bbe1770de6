"""The trained translator in plain PyTorch: the peer of `benchmarks/translation.py`.

It reads the same weights, batches alike and searches alike, with PyTorch's fused LSTM
for the encoder and its LSTM cells in the decoder's loop, as one would write it there.
"""

import json
from pathlib import Path

import torch
from beam_search_in_torch import PAD, START, UNKNOWN, beam_search
from safetensors.torch import load_file
from torch import nn


class TorchTranslator(nn.Module):
    """Encoder, attention and decoder of a `weights/` folder.

    Args:
        folder: A trained `Seq2Seq` with LSTM cells, additive attention asked with the
            state, and tied embeddings.
    """

    def __init__(self, folder: Path):
        super().__init__()
        config = json.loads((folder / "config.json").read_text("utf-8"))["config"]
        arrays = load_file(folder / "model.safetensors")
        self.arrays = {key: array.float() for key, array in arrays.items()}
        self.embed_dim = config["embed_dim"]
        self.attention_layers = config.get("attention_layers", 1)
        self.memory_embeddings = config.get("memory_embeddings", False)
        self.encoder = nn.ModuleList(
            self._encoder_layer(i) for i in range(config["encoder_layers"])
        )
        self.decoder = nn.ModuleList(
            self._decoder_cell(i) for i in range(config["decoder_layers"])
        )
        never = torch.zeros(config["vocab_size"])
        never[[PAD, UNKNOWN, START]] = -1e9
        self.output_bias = self.arrays["output_bias"] + never

    def _encoder_layer(self, i: int) -> nn.LSTM:
        kernel = self.arrays[f"encoder_{i}/forward/cell/kernel"]
        layer = nn.LSTM(
            kernel.shape[0], kernel.shape[1] // 4, batch_first=True, bidirectional=True
        )
        for side, suffix in (("forward", ""), ("backward", "_reverse")):
            self._copy(layer, f"encoder_{i}/{side}/cell", f"_l0{suffix}")
        return layer

    def _decoder_cell(self, i: int) -> nn.LSTMCell:
        kernel = self.arrays[f"decoder_{i}/cell/kernel"]
        cell = nn.LSTMCell(kernel.shape[0], kernel.shape[1] // 4)
        self._copy(cell, f"decoder_{i}/cell", "")
        return cell

    def _copy(self, module: nn.Module, key: str, suffix: str) -> None:
        """Keras and PyTorch both pack input, forget, candidate, output."""
        with torch.no_grad():
            getattr(module, f"weight_ih{suffix}").copy_(self.arrays[f"{key}/kernel"].T)
            getattr(module, f"weight_hh{suffix}").copy_(
                self.arrays[f"{key}/recurrent_kernel"].T
            )
            getattr(module, f"bias_ih{suffix}").copy_(self.arrays[f"{key}/bias"])
            getattr(module, f"bias_hh{suffix}").zero_()

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Embeddings, scaled for the input side."""
        return self.arrays["embedding/embeddings"][ids] * self.embed_dim**0.5

    @torch.inference_mode()
    def beam_search(
        self, source: list[list[int]], beam_size: int, length_penalty: float
    ) -> list[list[int]]:
        """The best ids of each source; sources are sorted by falling length."""
        a = self.arrays
        lengths = torch.tensor([len(ids) for ids in source])
        ids = nn.utils.rnn.pad_sequence(
            [torch.tensor(row) for row in source], batch_first=True
        )
        mask = ids != PAD  # (B, S)
        x = embedded = self.embed(ids)
        for layer in self.encoder:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
            x, _ = nn.utils.rnn.pad_packed_sequence(layer(packed)[0], batch_first=True)
        mean = x.sum(1) / lengths[:, None]
        first = torch.tanh(mean @ a["bridge/kernel"] + a["bridge/bias"])
        if self.memory_embeddings:
            x = torch.cat([x, embedded], -1)
        keys = [
            x @ a[f"{name}/key_kernel"] + a[f"{name}/bias"]  # (B, S, U)
            for name in map(_attention_name, range(self.attention_layers))
        ]

        states = []
        for h in first.chunk(len(self.decoder), -1):
            h = h.repeat_interleave(beam_size, 0)
            states.append((h, torch.zeros_like(h)))

        def step(last, states):
            return self._step(last, states, x, mask, keys, beam_size)

        return beam_search(step, states, lengths, beam_size, length_penalty)

    def _step(self, last, states, memory, mask, keys, beam_size):
        a = self.arrays
        y = self.embed(last)
        states = list(states)
        x, context = y, None
        for i, layer in enumerate(self.decoder):
            inputs = x if context is None else torch.cat([x, context], -1)
            states[i] = layer(inputs, states[i])
            x = states[i][0] if i == 0 else x + states[i][0]
            if i < self.attention_layers:
                name = _attention_name(i)
                query = x @ a[f"{name}/query_kernel"]
                query = query.view(len(memory), beam_size, 1, -1)
                hidden = torch.tanh(query + keys[i][:, None])  # (B, K, S, U)
                scores = hidden @ a[f"{name}/score_kernel"]
                weights = scores.masked_fill(~mask[:, None], -1e9).softmax(-1)
                context = (weights @ memory).flatten(0, 1)
        readout = torch.cat([x, context, y], -1) @ a["readout/kernel"]
        readout = torch.tanh(readout + a["readout/bias"])
        logits = readout @ a["embedding/embeddings"].T + self.output_bias
        return logits, states


def _attention_name(layer: int) -> str:
    return f"attention_{layer}" if layer else "attention"
