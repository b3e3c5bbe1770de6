"""A DETR that is built in a moment, for every test that needs one."""

from seqzoo.models import DETRConfig

TINY_DETR = DETRConfig(
    num_classes=3,
    num_queries=5,
    embed_dim=8,
    encoder_layers=1,
    decoder_layers=2,
    num_heads=2,
    hidden_dim=12,
    depths=(1, 1),
    stage_dims=(8, 12),
    stem_dim=4,
)
