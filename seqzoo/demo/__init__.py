"""`seqzoo demo`: a page on this machine for trying the models.

`app` builds and serves the page, on this machine or as a Space of the Hugging Face Hub.
`panels` has a part of the page for each kind of model. `models` lists and loads models,
`validation` checks inputs, `security` keeps other machines and sites out. The page
needs Gradio: `pip install "seqzoo[demo]"`.
"""
