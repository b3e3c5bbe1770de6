"""Attention.

scores.py       Bahdanau's, Luong's and other alignments with a memory
multi_head.py   several heads, with query, key and value apart
transformer.py  self-attention, feed-forward, encoder block
windows.py      Swin: attention in shifted windows, patch merging
"""
