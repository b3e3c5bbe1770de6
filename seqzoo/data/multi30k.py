"""Multi30k: captions of Flickr30k photographs, translated (Elliott et al. 2016).

29,000 training, 1,014 validation and two times 1,000 test sentences in English,
German, French and Czech (the test of 2017 has no Czech), for non-commercial research
and education.
"""

import gzip
from dataclasses import dataclass

from seqzoo.data.download import UpstreamFile, read_bytes

URL = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1"
MULTI30K_DATA = (
    "Multi30k, task 1 (Elliott et al. 2016): 29,000 sentence pairs from image "
    "captions, for non-commercial research and education. English is lower-cased."
)
TESTS = ("test_2016_flickr", "test_2017_flickr")


# sha256 of raw/<split>.<language>.gz, compressed as upstream publishes it, and of
# tok/<split>.lc.norm.tok.<language>.
SHA256 = {
    name: sha256
    for line in """
200a4a74cc9560f051924abb9803be008d1908d77f747e9141aeb86dfd2797f1 raw/test_2016_flickr.cs
9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8 raw/test_2016_flickr.de
611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9 raw/test_2016_flickr.en
6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90 raw/test_2016_flickr.fr
a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee raw/test_2017_flickr.de
76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074 raw/test_2017_flickr.en
3ba671ceb2299f3304ffafefea7a833d08632fbaf0ba18546f8a2ec2391af496 raw/test_2017_flickr.fr
a65adb8b32e3bc664f21ecba7a6e7f6950fd1f405e135f7c312faabdb6255077 raw/train.cs
726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6 raw/train.de
d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f raw/train.en
622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c raw/train.fr
b63226e05c4bd5dd6a42897d74b86a1b9d2c31498252c572b1ea7f7996927fcc raw/val.cs
f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a raw/val.de
14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28 raw/val.en
ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9 raw/val.fr
c6a33d39d48f9f510de147651316cd9d918e09ad0219df734a2f16b6baccacc4 tok/test_2016_flickr.de
5b7f32627cf99eced828311b955dae9800bb52bc8b91cf8b6526829e605b29d2 tok/test_2016_flickr.en
1463bd5960f9bfe098ec3cd752d3df0c49c84dc646fb518964a29232658cd836 tok/test_2016_flickr.fr
02067e4a9402786a4fcb8c1b6f4307e4a5073ced64800abead5273b54f5f31f6 tok/test_2017_flickr.de
c9d1dfd7a26add989382e534af235af9f0f658b2a30e7eb0efdaf142496ee54f tok/test_2017_flickr.en
c0583117a47b31e8a6c6a97cfe8de153e462074668f4e994764fcc80b21d33b4 tok/test_2017_flickr.fr
97232bd273eceb7207f689527386a97e4be2616b18ada47576bdaf96c8ae1f00 tok/val.de
46573ce391ae227f1c72f873392436a20ef18e0a6d518098cfbd70b77c8572ec tok/val.en
b303e301aa21fe7822a846b2b3fb2d5a1121ec807cd5b1d006fb7b2b5507168a tok/val.fr
""".strip().splitlines()
    for sha256, name in [line.split()]
}


@dataclass(frozen=True)
class Pairs:
    """Sentences and their translations, line by line.

    Args:
        source: Raw sentences.
        target: As many; the translation of each.
    """

    source: list[str]
    target: list[str]

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise ValueError(
                "Every source sentence needs one target sentence. Received: "
                f"{len(self.source)} source and {len(self.target)} target sentences."
            )

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, rows: slice) -> "Pairs":
        return Pairs(self.source[rows], self.target[rows])


@dataclass(frozen=True)
class TranslationCorpus:
    """A parallel corpus, raw text; `tests` maps the name of each test set."""

    source_language: str
    target_language: str
    train: Pairs
    validation: Pairs
    tests: dict[str, Pairs]


def multi30k(source: str = "en", target: str = "de") -> TranslationCorpus:
    """The corpus in two of the languages `cs`, `de`, `en`, `fr`.

    Raises:
        ValueError: If a language is unknown, both are the same, or a file is not
            that of upstream (see `seqzoo.data.download.read_bytes`).
    """
    languages = sorted({name.rpartition(".")[2] for name in SHA256})
    if source not in languages or target not in languages or source == target:
        raise ValueError(
            f"`source` and `target` must be two of {', '.join(languages)}. "
            f"Received: source={source!r}, target={target!r}"
        )

    def pairs(split: str) -> Pairs:
        return Pairs(_raw(split, source), _raw(split, target))

    return TranslationCorpus(
        source_language=source,
        target_language=target,
        train=pairs("train"),
        validation=pairs("val"),
        tests={
            test: pairs(test)
            for test in TESTS
            if {f"raw/{test}.{source}", f"raw/{test}.{target}"} <= SHA256.keys()
        },
    )


def multi30k_tokenized_references(test: str, language: str) -> list[str]:
    """The sentences of a split on which published scores are computed.

    Upstream lower-cased, normalised and tokenised them with Moses' scripts, which also
    escape characters (`"` is `&quot;`, `'` is `&apos;`): hypotheses must be prepared in
    the same way.

    Args:
        test: `test_2016_flickr`, `test_2017_flickr` or `val`.
        language: `de`, `en` or `fr`.

    Raises:
        ValueError: If there is no such file, or it is not that of upstream.
    """
    if f"tok/{test}.{language}" not in SHA256:
        names = [name[4:] for name in SHA256 if name.startswith("tok/")]
        raise ValueError(
            f"Tokenised references exist for {', '.join(names)}. "
            f"Received: test={test!r}, language={language!r}"
        )
    path = f"tok/{test}.lc.norm.tok.{language}"
    return _lines(path, path, SHA256[f"tok/{test}.{language}"])


def _raw(split: str, language: str) -> list[str]:
    name = f"{split}.{language}"
    return _lines(f"{name}.gz", f"raw/{name}.gz", SHA256[f"raw/{name}"])


def _lines(path: str, url: str, sha256: str) -> list[str]:
    data = read_bytes(UpstreamFile(f"multi30k/{path}", f"{URL}/{url}", sha256))
    if path.endswith(".gz"):
        data = gzip.decompress(data)
    # Not splitlines(): a sentence may hold other characters that count as line ends.
    return data.decode("utf-8").removesuffix("\n").split("\n")
