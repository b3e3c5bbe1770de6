"""The blocks of DETR and of its variants: anchors and spatially modulated attention."""
