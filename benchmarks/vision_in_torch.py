"""The model of the recipe vit_cifar10 in plain PyTorch, and one step of its training.

The peer of `benchmarks/vision.py`: it takes the weights of our model, reads images
alike and trains alike: the same loss, Muon for matrices and AdamW for the rest,
clipping, drop path and averaged weights, with the fused parts that PyTorch has.
"""

import math

import keras
import torch
from torch import nn
from torch.nn import functional

from seqzoo.tasks.base import variables_by_key
from seqzoo.training.optimizers import MUON_RATIO, NO_DECAY, NO_MUON

LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING = 3e-3, 0.05, 0.1
CLIP_NORM, EMA_MOMENTUM, EPSILON = 1.0, 0.998, 1e-6


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


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024), as Keras has it, with its iteration in float32.

    PyTorch's own iterates in bfloat16, which a processor without it is slow at.
    """

    MOMENTUM, SCALE, STEPS = 0.95, 0.2, 5
    COEFFICIENTS = (3.4445, -4.7750, 2.0315)

    def __init__(self, matrices, lr, weight_decay):
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        """Moves each matrix by its orthogonalised momentum."""
        for group in self.param_groups:
            for matrix in group["params"]:
                state = self.state[matrix]
                if not state:
                    state["momentum"] = torch.zeros_like(matrix)
                momentum = state["momentum"].mul_(self.MOMENTUM).add_(matrix.grad)
                update = self.orthogonalised(
                    matrix.grad.add(momentum, alpha=self.MOMENTUM)
                )
                scale = self.SCALE * math.sqrt(max(matrix.shape))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-group["lr"] * scale)

    def orthogonalised(self, update):
        """Nearly the nearest orthogonal matrix, by Newton and Schulz's iteration."""
        a, b, c = self.COEFFICIENTS
        tall = update.shape[0] > update.shape[1]
        x = update.T if tall else update
        x = x / (x.norm() + 1e-7)
        for _ in range(self.STEPS):
            square = x @ x.T
            polynomial = torch.addmm(square, square, square, beta=b, alpha=c)
            x = torch.addmm(x, polynomial, x, beta=a)
        return x.T if tall else x


class TorchTraining:
    """The training of a `TorchViT` with the recipe's settings.

    Args:
        model: Ours, built.
    """

    def __init__(self, model):
        self.model = TorchViT(model)
        matrices, decayed, rest = [], [], []
        for name, weight in self.model.named_parameters():
            if weight.ndim == 2 and not any(part in name for part in NO_MUON):
                matrices.append(weight)
            else:
                (rest if name.endswith(NO_DECAY) else decayed).append(weight)
        self.optimizers = (
            Muon(matrices, LEARNING_RATE, WEIGHT_DECAY),
            torch.optim.AdamW(
                [
                    {"params": decayed, "weight_decay": WEIGHT_DECAY},
                    {"params": rest, "weight_decay": 0.0},
                ],
                lr=MUON_RATIO * LEARNING_RATE,
                fused=True,
            ),
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
        self.model.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, CLIP_NORM)
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.averages, self.weights, 1 - EMA_MOMENTUM)
        return float(loss.detach())
