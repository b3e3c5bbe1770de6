"""Layers of DETR and its variants.

blocks.py   encoder and decoder blocks that add positions at every layer
anchors.py  queries that are boxes (DAB-DETR), and denoising queries (DN-DETR)
smca.py     attention that looks around a box first (SMCA-DETR)
"""
