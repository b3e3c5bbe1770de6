"""DETR checkpoints of transformers: equal to what transformers computed.

The folders in `golden` were made once by `make_golden.py`, which needs transformers and
PyTorch; a slow test makes them anew. Their backbones are transformers' own: timm's have
the same tensors under other names, which are written here.
"""

import json
import re
import shutil

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo.convert import detr
from seqzoo.models import DETRConfig
from tests.convert import make_golden
from tests.convert.checkpoints import GOLDEN

CASES = sorted(make_golden.DETR)


def check(folder):
    """The model of a folder gives what its golden file says, whole and masked."""
    model = seqzoo.load(folder)
    golden = load_file(folder / "golden.safetensors")
    pixels = golden["pixels"].astype("float32")
    inputs = {"whole": pixels, "masked": {"images": pixels, "mask": golden["mask"]}}
    for which, images in inputs.items():
        outputs = model(images)
        for ours, theirs in (("logits", "logits"), ("boxes_cxcywh", "boxes")):
            np.testing.assert_allclose(
                ops.convert_to_numpy(outputs[ours]),
                golden[f"{which}_{theirs}"],
                atol=1e-4,
            )
    return model, golden


@pytest.mark.parametrize("case", CASES)
def test_logits_and_boxes_equal_those_of_transformers(case):
    check(GOLDEN / case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_new_checkpoint_its_processor_and_its_answers(case, tmp_path):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    make_golden.make_detr(case, tmp_path, seed=1)
    model, golden = check(tmp_path / case)
    theirs = transformers.DetrForObjectDetection.from_pretrained(tmp_path / case)
    processor = transformers.DetrImageProcessorPil.from_pretrained(tmp_path / case)
    with torch.no_grad():
        outputs = theirs(**processor(images=golden["picture"], return_tensors="pt"))
    expected = processor.post_process_object_detection(outputs, 0.2, [(20, 33)])[0]
    detections = model.detect(golden["picture"], threshold=0.2)
    order = np.argsort(-expected["scores"].numpy(), kind="stable")
    assert len(order) > 0
    names = [f"LABEL_{k}" for k in expected["labels"].numpy()[order]]
    assert detections.labels == names
    boxes, scores = detections.boxes_xyxy, detections.scores
    np.testing.assert_allclose(scores, expected["scores"][order], atol=1e-4)
    np.testing.assert_allclose(boxes, expected["boxes"][order], atol=1e-3)


@pytest.mark.slow
def test_sizes_are_those_of_transformers():
    transforms = pytest.importorskip("transformers.image_transforms")
    processor = seqzoo.processors.DetectionProcessor(["a"])
    for height, width in np.random.default_rng(0).integers(1, 3000, size=(5000, 2)):
        size = int(height), int(width)
        if max(size) < 1000 * min(size):
            expected = transforms.get_size_with_aspect_ratio(size, 800, 1333)
            assert processor.resized_size(*size) == expected


def test_images_become_the_pixels_of_transformers():
    model = seqzoo.load(GOLDEN / "detr")
    golden = load_file(GOLDEN / "detr" / "golden.safetensors")
    arrays = model.processor.encode([golden["picture"]])
    np.testing.assert_allclose(arrays["images"], golden["picture_pixels"], atol=1e-5)
    assert arrays["mask"].all()
    assert model.processor.labels == [f"LABEL_{i}" for i in range(5)]
    info = seqzoo.info(GOLDEN / "detr")
    assert (info.task, info.class_name) == ("object-detection", "DETR")


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(GOLDEN / "detr", tmp_path / "copy")


def renamed(folder, new_name):
    path = folder / "model.safetensors"
    tensors = {new_name(name): array for name, array in load_file(path).items()}
    tensors["model.backbone.conv_encoder.model.bn1.num_batches_tracked"] = np.array(7)
    save_file(tensors, path)


def timm_name(name):
    """What timm calls a tensor of transformers' ResNet."""
    name = name.replace("embedder.embedder.convolution", "conv1")
    name = name.replace("embedder.embedder.normalization", "bn1")
    name = name.replace("shortcut.convolution", "downsample.0")
    name = name.replace("shortcut.normalization", "downsample.1")
    place = re.compile(
        r"encoder\.stages\.(\d)\.layers\.(\d)\.(?:layer\.(\d)\.(conv|norm)\w+|)"
    )

    def at_that_place(match):
        stage, block, k, kind = match.groups()
        inside = f"{kind.replace('norm', 'bn')}{int(k) + 1}" if kind else ""
        return f"layer{int(stage) + 1}.{block}.{inside}"

    return place.sub(at_that_place, name)


def test_the_names_of_timm_are_read(copy):
    renamed(copy, timm_name)
    names = load_file(copy / "model.safetensors").keys()
    resnet = "model.backbone.conv_encoder.model"
    assert {
        f"{resnet}.conv1.weight",
        f"{resnet}.bn1.running_var",
        f"{resnet}.layer2.1.conv3.weight",
        f"{resnet}.layer4.0.downsample.0.weight",
        f"{resnet}.layer4.0.downsample.1.running_mean",
    } <= names
    check(copy)


def settings(**changes):
    return {
        "model_type": "detr",
        "id2label": {str(i): "x" for i in range(91)},
    } | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"backbone": "resnet50", "use_timm_backbone": True},
        {"backbone": "resnet50.a1_in1k", "backbone_config": None},
        {"use_timm_backbone": False},
        {"backbone_config": {"model_type": "resnet", "out_features": ["stage4"]}},
        {
            "backbone_config": {
                "model_type": "timm_backbone",
                "backbone": "resnet50",
                "out_indices": [1, 2, 3, 4],
            }
        },
    ],
    ids=["timm", "timm with a tag", "no timm", "own config", "timm's own config"],
)
def test_every_way_to_say_resnet_50(changes):
    assert DETRConfig(**detr.config(settings(**changes), "x")) == DETRConfig()


def test_other_depths_and_basic_blocks():
    deep = detr.config(settings(backbone="resnet101"), "x")
    assert deep["depths"] == (3, 4, 23, 3)
    basic = detr.config(settings(backbone="resnet18"), "x")
    assert (basic["block"], basic["stage_dims"][-1]) == ("basic", 512)
    # A first convolution, two in each of eight blocks, three shortcuts.
    kernels = [key for key, _ in detr.rules(DETRConfig(**basic))]
    assert sum(key.endswith("convolution/kernel") for key in kernels) == 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dilation": True}, "dilation=True"),
        ({"position_embedding_type": "learned"}, "'learned'"),
        ({"auxiliary_loss": True}, "auxiliary_loss"),
        ({"encoder_ffn_dim": 3}, "decoder_ffn_dim=2048"),
        ({"activation_function": "quick_gelu"}, "quick_gelu"),
        ({"backbone": "resnet50d"}, "'resnet50d'"),
        ({"backbone_config": {"model_type": "swin"}}, "kind 'swin'"),
        (
            {"backbone_config": {"model_type": "resnet", "out_features": ["stage3"]}},
            "stage3",
        ),
        (
            {
                "backbone_config": {
                    "model_type": "resnet",
                    "downsample_in_bottleneck": True,
                }
            },
            "downsample_in_bottleneck",
        ),
        (
            {"backbone_config": {"model_type": "timm_backbone", "output_stride": 16}},
            "output_stride=16",
        ),
    ],
)
def test_what_cannot_be_exact_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        detr.config(settings(**changes), "x")


def change_json(path, change):
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def test_older_preprocessors_and_those_of_another_kind(copy):
    path = copy / "preprocessor_config.json"
    change_json(path, {"size": 30, "max_size": 50})
    processor = seqzoo.load(copy).processor
    assert (processor.shortest_edge, processor.longest_edge) == (30, 50)
    change_json(path, {"size": {"height": 30, "width": 40}})
    with pytest.raises(ValueError, match="shortest_edge"):
        seqzoo.load(copy)
