"""Writes the golden checkpoints of texts: small random models of transformers.

    python -m tests.convert.make_golden_texts

Needs transformers and PyTorch. Each folder holds what transformers itself saves, and
`golden.safetensors` with token ids and what the model makes of them: logits, and for
generators what greedy and beam search give.
"""

import json
from pathlib import Path

import numpy as np

VOCABULARY = 37
SMALL_BERT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 17,
    "max_position_embeddings": 16,
    "num_labels": 3,
}
MASKED, CLASSES, MODEL = "ForMaskedLM", "ForSequenceClassification", "Model"

# Case -> class of transformers without its prefix, and settings.
BERT = {
    "bert": (MASKED, {}),
    "bert_untied": (MASKED, {"tie_word_embeddings": False}),
    "bert_pretraining": ("ForPreTraining", {}),
    "bert_relu": (MASKED, {"hidden_act": "relu", "layer_norm_eps": 0.1}),
    "bert_gelu_new": (MASKED, {"hidden_act": "gelu_new", "type_vocab_size": 1}),
    "bert_silu": (MASKED, {"hidden_act": "silu", "hidden_size": 15}),
    "bert_model": (MODEL, {"num_hidden_layers": 1}),
    "bert_classes": (CLASSES, {"type_vocab_size": 3}),
    "bert_classes_many": (CLASSES, {"num_labels": 7, "num_attention_heads": 1}),
    "bert_multi_label": (CLASSES, {"problem_type": "multi_label_classification"}),
    "bert_half": (CLASSES, {"dtype": "float16"}),
    "bert_bfloat": (MASKED, {"dtype": "bfloat16"}),
}
SMALL_DISTILBERT = {
    "vocab_size": VOCABULARY,
    "dim": 12,
    "n_layers": 2,
    "n_heads": 3,
    "hidden_dim": 17,
    "max_position_embeddings": 16,
    "num_labels": 3,
}
DISTILBERT = {
    "distilbert": (MASKED, {}),
    "distilbert_untied": (MASKED, {"tie_word_embeddings": False}),
    "distilbert_relu": (MASKED, {"activation": "relu"}),
    "distilbert_sinusoids": (MASKED, {"sinusoidal_pos_embds": True}),
    "distilbert_heads": (MASKED, {"n_heads": 4, "n_layers": 1}),
    "distilbert_wide": (MODEL, {"dim": 15, "hidden_dim": 31}),
    "distilbert_classes": (CLASSES, {}),
    "distilbert_two": (CLASSES, {"num_labels": 2, "n_layers": 3}),
    "distilbert_half": (CLASSES, {"dtype": "float16"}),
    "distilbert_bfloat": (MASKED, {"dtype": "bfloat16"}),
}
SMALL_ROBERTA = SMALL_BERT | {"type_vocab_size": 1, "max_position_embeddings": 18}
ROBERTA = {
    "roberta": (MASKED, {}),
    "roberta_untied": (MASKED, {"tie_word_embeddings": False}),
    "roberta_relu": (MASKED, {"hidden_act": "relu"}),
    "roberta_gelu_new": (MASKED, {"hidden_act": "gelu_new", "layer_norm_eps": 1e-5}),
    "roberta_types": (MASKED, {"type_vocab_size": 2}),
    "roberta_pad": (MASKED, {"pad_token_id": 0}),
    "roberta_model": (MODEL, {"num_hidden_layers": 3}),
    "roberta_classes": (CLASSES, {}),
    "roberta_odd": (CLASSES, {"hidden_size": 21, "intermediate_size": 5}),
    "roberta_half": (CLASSES, {"dtype": "float16"}),
    "roberta_bfloat": (MASKED, {"dtype": "bfloat16"}),
}
SMALL_GPT2 = {
    "vocab_size": VOCABULARY,
    "n_positions": 24,
    "n_embd": 12,
    "n_layer": 2,
    "n_head": 3,
    "bos_token_id": 5,
    "eos_token_id": 5,
}
GPT2 = {
    "gpt2": {},
    "gpt2_untied": {"tie_word_embeddings": False},
    "gpt2_inner": {"n_inner": 19},
    "gpt2_relu": {"activation_function": "relu"},
    "gpt2_gelu": {"activation_function": "gelu", "layer_norm_epsilon": 0.1},
    "gpt2_silu": {"activation_function": "silu"},
    "gpt2_upcast": {"reorder_and_upcast_attn": True},
    "gpt2_one_head": {"n_head": 1, "n_layer": 3},
    "gpt2_odd": {"n_embd": 21, "vocab_size": 41},
    "gpt2_half": {"dtype": "float16"},
    "gpt2_bfloat": {"dtype": "bfloat16"},
}
SMALL_MARIAN = {
    "vocab_size": VOCABULARY,
    "d_model": 12,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 3,
    "encoder_ffn_dim": 17,
    "decoder_ffn_dim": 17,
    "max_position_embeddings": 32,
    "activation_function": "swish",
    "scale_embedding": True,
    "pad_token_id": VOCABULARY - 1,
    "decoder_start_token_id": VOCABULARY - 1,
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
}
MARIAN = {
    "marian": {},
    "marian_unscaled": {"scale_embedding": False, "activation_function": "gelu"},
    "marian_relu": {"activation_function": "relu", "d_model": 18},
    "marian_untied": {"tie_word_embeddings": False},
    "marian_apart": {"share_encoder_decoder_embeddings": False},
    "marian_vocabularies": {
        "share_encoder_decoder_embeddings": False,
        "decoder_vocab_size": VOCABULARY + 4,
    },
    "marian_sides": {
        "encoder_layers": 3,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 6,
        "encoder_ffn_dim": 5,
        "decoder_ffn_dim": 29,
    },
    "marian_ids": {"eos_token_id": 7, "forced_eos_token_id": 7},
    "marian_start": {"decoder_start_token_id": 3, "pad_token_id": 1},
    "marian_half": {"dtype": "float16"},
    "marian_bfloat": {"dtype": "bfloat16"},
}
CASES = {
    **dict.fromkeys(BERT, "Bert"),
    **dict.fromkeys(DISTILBERT, "DistilBert"),
    **dict.fromkeys(ROBERTA, "Roberta"),
    **dict.fromkeys(GPT2, "GPT2"),
    **dict.fromkeys(MARIAN, "Marian"),
}
ENCODERS = {
    "Bert": (SMALL_BERT, BERT),
    "DistilBert": (SMALL_DISTILBERT, DISTILBERT),
    "Roberta": (SMALL_ROBERTA, ROBERTA),
}
# Of `generate`: the longest text, with the start token; a word never to be said.
MAX_LENGTH = 14
BAD_WORD = 9


def make(case: str, root: Path, seed: int = 0) -> None:
    """The folder of one case, in `root`."""
    makers = {"GPT2": _make_gpt2, "Marian": _make_marian}
    makers.get(CASES[case], _make_encoder)(case, root / case, seed)


def _make_encoder(case: str, folder: Path, seed: int) -> None:
    import torch

    prefix = CASES[case]
    small, cases = ENCODERS[prefix]
    head, settings = cases[case]
    model, config = _model(prefix, prefix + head, small | settings, seed)
    rng = np.random.default_rng(seed)
    pad = config.pad_token_id
    ids = rng.integers(pad + 1, config.vocab_size, (3, 9)).astype("int32")
    mask = np.ones(ids.shape, bool)
    mask[1, 6:] = False
    # A classifier of transformers takes the first step, even if that is padding.
    mask[2, 3:] = head != CLASSES
    mask[2, :4] &= head == CLASSES
    ids[~mask] = pad
    inputs = {"input_ids": ids.astype("int64"), "attention_mask": mask.astype("int64")}
    golden = {"token_ids": ids, "mask": mask}
    types = getattr(config, "type_vocab_size", 0)
    if types > 1:
        golden["token_type_ids"] = rng.integers(0, types, ids.shape).astype("int32")
        inputs["token_type_ids"] = golden["token_type_ids"].astype("int64")
    if prefix != "Roberta":  # which counts real tokens itself
        places = np.maximum(np.cumsum(mask, axis=1) - 1, 0)
        inputs["position_ids"] = places
    with torch.no_grad():
        outputs = model(**{name: torch.tensor(x) for name, x in inputs.items()})
    name = {"ForPreTraining": "prediction_logits", MODEL: "last_hidden_state"}
    golden["logits"] = outputs[name.get(head, "logits")].float().numpy()
    _save(model, golden, folder)


def _make_gpt2(case: str, folder: Path, seed: int) -> None:
    import torch

    model, config = _model(
        "GPT2", "GPT2LMHeadModel", SMALL_GPT2 | GPT2[case], seed, noise=0.5
    )
    rng = np.random.default_rng(seed)
    ids = rng.integers(6, config.vocab_size, (2, 24))
    prompts = torch.tensor(ids[:, :5])
    with torch.no_grad():
        logits = model(torch.tensor(ids)).logits.float().numpy()
        greedy = model.generate(
            prompts, max_new_tokens=12, do_sample=False, pad_token_id=5
        )
    golden = {
        "token_ids": ids.astype("int32"),
        "logits": logits,
        "greedy": greedy[:, 5:].numpy().astype("int32"),
    }
    _save(model, golden, folder)


def _make_marian(case: str, folder: Path, seed: int) -> None:
    import torch

    settings = SMALL_MARIAN | MARIAN[case]
    model, config = _model("Marian", "MarianMTModel", settings, seed, noise=0.4)
    rng = np.random.default_rng(seed)
    bias = torch.tensor(rng.normal(size=model.final_logits_bias.shape) * 0.3)
    model.final_logits_bias.copy_(bias.to(model.stored_dtype))
    special = {config.eos_token_id, config.pad_token_id, config.decoder_start_token_id}
    words = [i for i in range(config.vocab_size) if i not in special]
    source = rng.choice(words, (3, 9))
    mask = np.ones(source.shape, bool)
    mask[1, 5:] = False
    source[0, -1] = source[2, -1] = source[1, 4] = config.eos_token_id
    source[~mask] = config.pad_token_id
    target = rng.choice(words, (3, 7))
    target[:, 0] = config.decoder_start_token_id
    model.generation_config.update(
        max_length=MAX_LENGTH,
        num_beams=3,
        bad_words_ids=[[config.pad_token_id], [BAD_WORD]],
        renormalize_logits=True,
    )
    inputs = {
        "input_ids": torch.tensor(source),
        "attention_mask": torch.tensor(mask.astype("int64")),
    }
    golden = {"source_ids": source, "mask": mask, "target_ids": target}
    with torch.no_grad():
        outputs = model(**inputs, decoder_input_ids=torch.tensor(target))
        golden["logits"] = outputs.logits.float().numpy()
        golden["greedy"] = model.generate(**inputs, num_beams=1).numpy()
        golden["beams"] = model.generate(**inputs).numpy()
    golden = {
        name: x.astype("int32") if x.dtype == "int64" else x
        for name, x in golden.items()
    }
    _save(model, golden, folder)


def _model(prefix, name, settings, seed, noise=0.2):
    """A random model in eval mode; its numbers are exact in its dtype."""
    import torch
    import transformers

    settings = dict(settings)
    dtype = getattr(torch, settings.pop("dtype", "float32"))
    config = getattr(transformers, f"{prefix}Config")(**settings)
    torch.manual_seed(seed)
    model = getattr(transformers, name)(config).eval()
    for name, weight in model.named_parameters():
        if "embed_positions" in name:
            continue  # computed, not learned
        # Fresh biases are 0 and fresh gains 1, which would hide a wrong place.
        weight.data += noise * torch.randn_like(weight)
        weight.data = weight.data.to(dtype).float()
    model.stored_dtype = dtype
    return model, model.config


def _save(model, golden, folder: Path) -> None:
    from safetensors.numpy import save_file

    model.to(model.stored_dtype).save_pretrained(folder)
    path = folder / "config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings, indent=1))
    save_file(
        {k: np.ascontiguousarray(v) for k, v in golden.items()},
        folder / "golden.safetensors",
    )


if __name__ == "__main__":
    golden = Path(__file__).parent / "golden"
    for name in CASES:
        make(name, golden)
