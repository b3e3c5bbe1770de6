"""The model of the recipe vit_cifar10 in plain PyTorch, and one step of its training.

The peer of `benchmarks/vision.py`: it takes the weights of our model, reads pictures
alike and trains alike: the same loss, AdamW, clipping, drop path and averaged weights,
with the fused parts that PyTorch has for them.
"""

import keras
import torch
from torch import nn
from torch.nn import functional

from seqzoo.tasks.base import variables_by_key

LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING = 1.5e-3, 0.05, 0.1
CLIP_NORM, EMA_MOMENTUM, EPSILON = 1.0, 0.998, 1e-6
NOT_DECAYED = ("bias", "beta", "gamma", "positions")


class TorchViT(nn.Module):
    """A `ViT` with a convolutional stem and the mean over the patches.

    Args:
        model: Ours, built.
    """

    def __init__(self, model):
        super().__init__()
        self.config = model.config
        self.keys = {}
        for key, variable in variables_by_key(model).items():
            array = torch.tensor(keras.ops.convert_to_numpy(variable))
            if array.ndim == 4:  # of a convolution: outputs first here, last in Keras
                array = array.permute(3, 2, 0, 1).contiguous()
            elif array.ndim == 2:
                array = array.T.contiguous()
            self.keys[key] = key.replace("/", "__")
            self.register_parameter(self.keys[key], nn.Parameter(array))

    def get(self, key):
        """The weight of that key."""
        return getattr(self, self.keys[key])

    def dense(self, name, x):
        """A dense layer."""
        return functional.linear(
            x, self.get(f"{name}/kernel"), self.get(f"{name}/bias")
        )

    def norm(self, name, x):
        """A layer norm over the features, which are last."""
        gamma, beta = self.get(f"{name}/gamma"), self.get(f"{name}/beta")
        return functional.layer_norm(x, x.shape[-1:], gamma, beta, EPSILON)

    def kept(self, branch, rate):
        """The branch, left out for some rows in training."""
        if not self.training or not rate:
            return branch
        keep = torch.rand(len(branch), 1, 1) >= rate
        return branch * keep / (1 - rate)

    def forward(self, images):
        """Logits of images `(batch, height, width, channels)`."""
        c = self.config
        x = images
        strides = (2, 1) if c.stem == "deep_conv" else (2,)
        for i in range((c.patch_size.bit_length() - 1) * len(strides)):
            stride = strides[i % len(strides)]
            # A stride of 2 pads even sides at the right and below only, in Keras.
            padding = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
            x = functional.pad(x.permute(0, 3, 1, 2), padding)
            kernel = self.get(f"patches/convolution_{i}/kernel")
            x = functional.conv2d(x, kernel, stride=stride)
            x = self.norm(f"patches/norm_{i}", x.permute(0, 2, 3, 1))
            x = functional.gelu(x)
        x = self.dense("patches/projection", x).flatten(1, 2)
        x = x + self.get("positions")
        for i in range(c.num_layers):
            rate = c.drop_path * i / max(1, c.num_layers - 1)
            x = x + self.kept(self.attended(f"block_{i}", x), rate)
            hidden = self.norm(f"block_{i}/feed_forward_norm", x)
            hidden = functional.gelu(
                self.dense(f"block_{i}/feed_forward/hidden", hidden)
            )
            fed = self.dense(f"block_{i}/feed_forward/output_layer", hidden)
            x = x + self.kept(fed, rate)
        return self.dense("logits", self.norm("norm", x).mean(1))

    def attended(self, block, x):
        """Attention of the patches to each other."""
        batch, steps, features = x.shape
        qkv = self.dense(
            f"{block}/attention/qkv", self.norm(f"{block}/attention_norm", x)
        )
        qkv = qkv.view(batch, steps, 3, self.config.num_heads, -1).permute(
            2, 0, 3, 1, 4
        )
        heads = functional.scaled_dot_product_attention(*qkv)
        heads = heads.transpose(1, 2).reshape(batch, steps, features)
        return self.dense(f"{block}/attention/output_layer", heads)


class TorchTraining:
    """The training of a `TorchViT` with the recipe's settings.

    Args:
        model: Ours, built.
    """

    def __init__(self, model):
        self.model = TorchViT(model)
        groups = {True: [], False: []}
        for name, weight in self.model.named_parameters():
            groups[not name.endswith(NOT_DECAYED)].append(weight)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": groups[True], "weight_decay": WEIGHT_DECAY},
                {"params": groups[False], "weight_decay": 0.0},
            ],
            lr=LEARNING_RATE,
            fused=True,
        )
        self.weights = list(self.model.parameters())
        self.averages = [weight.detach().clone() for weight in self.weights]

    def logits(self, pixels):
        """Those of inference, as an array."""
        self.model.eval()
        with torch.inference_mode():
            return self.model(torch.tensor(pixels)).numpy()

    def step(self, pixels, targets):
        """One step; returns the loss."""
        self.model.train()
        logits = self.model(torch.tensor(pixels))
        loss = functional.cross_entropy(
            logits, torch.tensor(targets), label_smoothing=LABEL_SMOOTHING
        )
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, CLIP_NORM)
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.weights, 1 - EMA_MOMENTUM)
        return float(loss.detach())
