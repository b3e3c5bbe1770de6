"""bAbI: twenty tasks of questions about short stories (Weston et al. 2015).

1,000 or 10,000 training questions and 1,000 test questions a task, made by a program;
CC BY 3.0. The mirror lacks the 10,000 questions of task 3, so its 1,000 are taken.
"""

import functools
import hashlib
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqzoo.data.download import UpstreamFile, read_bytes

URL = (
    "https://raw.githubusercontent.com/ethancaballero/"
    "Improved-Dynamic-Memory-Networks-DMN-plus/"
    "406d0f033686cc06151493cba111706b6d03d43f/data/tasks_1-20_v1-2"
)
FOLDER = "tasks_1-20_v1-2"
ARCHIVE = "babi/tasks_1-20_v1-2_en_en-10k.tar.xz"  # of all files, in SEQZOO_DATA_DIR
SIZES = {"1k": "en", "10k": "en-10k"}
BABI_DATA = (
    "bAbI, version 1.2 (Weston et al. 2015), CC BY 3.0: twenty tasks of questions "
    "about stories that a program wrote, 1,000 test questions a task"
)
# Of each task, in order: 1 is the first.
TASK_NAMES = (
    "single-supporting-fact",
    "two-supporting-facts",
    "three-supporting-facts",
    "two-arg-relations",
    "three-arg-relations",
    "yes-no-questions",
    "counting",
    "lists-sets",
    "simple-negation",
    "indefinite-knowledge",
    "basic-coreference",
    "conjunction",
    "compound-coreference",
    "time-reasoning",
    "basic-deduction",
    "basic-induction",
    "positional-reasoning",
    "size-reasoning",
    "path-finding",
    "agents-motivations",
)

# The sha256 of each file, its folder, its task and its part.
SHA256 = {
    tuple(name): sha256
    for line in """
c64ba9b1a49bbb111ffc4cd2ae4f129d25c012399dd7ade9679eea464b9afb05 en 1 train
55acf66cef2f6d798e2aa1d056e1ec8f24e910ea9215b639450574321132959b en 1 test
749ea9f7c99070feb2d88c975a254417a0dcc8274add4435ae5ae24c7afc7e9d en-10k 1 train
a4978af5bc0dc30191810e7c9949aaa6eae939ed0f6beb9fcb5f4330c2a27860 en 2 train
eff93fb9cd81ba02eb765772cf7cc269769ed44ec71cbbbc19cfb16ee5eba0f6 en 2 test
d4074c0c5d54f70ce2f538056ce2b6ef6a313da336da4245f1a24f1298e37ef3 en-10k 2 train
a6e78019f36a02a7ed71fe6aaded0b563ff09c8deec392931801fcd9c6af4d60 en 3 train
17795c977100baf8188f386522ae301b62d6c1a13efc01b3aea781e588b4d57f en 3 test
c9370502d85fa382f32d1fea2111e817f81ae9e3e79eb2924a1a5392a90417fa en 4 train
07f0ca18ddeea9eed4ba6d59e162adcb0ce44815721114b3540d92825509331e en 4 test
5d11b821d35234988ab907866aa7ce718e6b6d751acf63bdef52262afb59f12c en-10k 4 train
086cd59c3ca9677bfac3d6a22ca5853c76a5c1fbae3159c7c4a6aef759a74ec0 en 5 train
ec825c1c8a76e63a31f0d7a7763cd63740e98332fa9bdf246a19068949bd5f97 en 5 test
2506910935b701bac64fc8b1d7ff12bd8d0f47ceefca183454282bec784c12a5 en-10k 5 train
5a133115ee35d475776df703ff605d145b11effbcdbf7e74861f9d5639246a5a en 6 train
b108b16f1eccbd1c24df6dca2649079a7b2f10af7fd12d4c45a3393802de59e3 en 6 test
602f379184bf3cb59660d0f7769d9c94ccdc1fc4d82dfe90bd460d985b1ff0c5 en-10k 6 train
dca03bd91876951c49f1c971c83c9dd55404de60201b7b6435451cf7ddb4751c en 7 train
a74d1f2b91329b2bae814d41cdac2fbdfdf0328562b7d8afa9a0fa576d461e27 en 7 test
4a2508733bef9b38cfce4b3108a91b83cdee378de4a7370e4d32fea2dacd3b7d en-10k 7 train
058604df6f9440458317e8ae685d2b7b84261e1a80b4d6410a9140d16f81bf06 en 8 train
362a653c821a580fa315a85243b4f03bfa06fa7e0269b6f8e596f8fe6911646a en 8 test
9518da2d3aa5d98bec33335e0d5ba3a22c2bd1929ee679085d37eb50a7652e4a en-10k 8 train
0c3b89921af0caea1c4059ee3f7b7f2a88869f924195a428da37820446b8c49f en 9 train
63590aff3f89993db409f0e9a9eb39c2a5b9d5efff99b255d800a891b0044d9f en 9 test
5f8949f6ef7d64516fc4dd5732b12b5932d057b1a614e8ac94e795fb020d4ff0 en-10k 9 train
0b7691689447bab05476c5b48c44999b41e747c3978df69c18fdd87b60d6e8b3 en 10 train
fde8f20ed0b3ba979058ed391a566af34653f23baab5b2793ee37f87ef4e88b7 en 10 test
c5c0788b0446095c07a0442784cad2b59c1d58e875ebe8ad852f5e3f628613f4 en-10k 10 train
9468de9a1f256f43dfda693a5d07182d21149a82b65f7c2451c64e9cff5eb138 en 11 train
46f3290d0158ce1285a40cd2d793f5a65f86ae5000226e165cbc85a3dfeb2f6f en 11 test
edfcd97fecd4a5045af25e1790cf1408856ae362c39521b1b69cd32b88ec0ced en-10k 11 train
45c2764bb2d3c8f699d35e9d9aa7958fcd96379c6e907116cdf74526c108bb25 en 12 train
6437718f8f9801ce345869e910b896836cdc6fd2d01dc7b4d2df49730703b4b1 en 12 test
39d58df3564916c66cebc98befb65d605c032181e51208730fd8837a77bc166a en-10k 12 train
533a391edbda743e4c99504de88b40cdded5b1d5ef454d1390f0863f748a4cc9 en 13 train
76a25b684f23c9cc473d8cd1465506168b9a1ec8891cfc59d0bbd87e6a064990 en 13 test
c530fdf122d26617a8a03ba5cdbacee87c22624ba7f50d1f07f9658c900e22d8 en-10k 13 train
b7561cbc624205c9c2fdbb8c843cfa8ad90edd65e78bb223fc6dea8113662df8 en 14 train
e3f0b19858ffbec3ed1e49076cc4d1295a89ce146c50318b862f13f202b3caf2 en 14 test
c322e0814eef71f088af1aa1334e7ae4b1ee6ca18f2ee94c05e2189226964ed6 en-10k 14 train
e856ebfdcce4dd7d617c1d10f985e96a0850c0ca18e9a19a017cb710d135ed3d en 15 train
32b77e117fe9acf5f94906684e3b5206de0108e646c76e1da3e022896ec7ee94 en 15 test
0a86673f7fafa484f8ee394048f03de19405bdc40b58f21086969efad2862010 en-10k 15 train
20121005137e3d4b061a086eb177a456303d5742b764eb8da2d0e480b6af4d28 en 16 train
4a11e55366f2a5a859b5a81f683ee23801bdbe71ef984e51adb976bd053e8dcf en 16 test
27fef347ce0b25dd148efea2b15f154926e0e9069d4ea6ab9cfca3add492ab35 en-10k 16 train
20083bf56ff74f0e7cf5e3e2f8c3905cdb8ef09293c3e8cf7a96ed8b45ae2277 en 17 train
9e1e0250ed4ec1831757fab26c04138f81ea557ebf6976a220db879cbed04bac en 17 test
8a383651e009db50d6c9effed5778b8646c28c55fadb1592b5f4d8d3a187bbce en-10k 17 train
18b7dcf52c9a0e87e4e7dd3d65b7e5a630de039645f52a1294197af7481d739d en 18 train
d34f70eb7228a276fcb3a7854174fe562c5634f4fb454a39fc3d1ad9934be3ef en 18 test
9e7c15107067d2070170ef12579a8bfe34dfc35a7ac9ebd13f2001dc1a7488f9 en-10k 18 train
dcb788352a56effb7bea1449128f31cc9c342c8c327b6df2caeee0e379e6ad3a en 19 train
023e391f0d7f79c9e6ae1c46c093e2d0dbd50ab8fbd8965e037a75e3614c20e5 en 19 test
6cfdc6f448e3cf0e3d8a390fa3add461935b033f89ede32aeef30812401ec91e en-10k 19 train
29580ad55fb7b4b29ba014696056cc68f8f347dac3be88470fd692ad60150398 en 20 train
bd3bde3788ac14ba0ae095078f7b820fbd2bfa6a34dba9d1d46a34afde9c2729 en 20 test
36f20f3baf6bad2297d5b9fd877e633550c36106fe78bc10ddfb7b1eede62573 en-10k 20 train
""".strip().splitlines()
    for sha256, *name in [line.split()]
}


@dataclass(frozen=True)
class StoryQuestion:
    """A question of a bAbI task, the sentences before it, and its answer."""

    task: int  # from 1 to 20
    story: tuple[str, ...]
    question: str
    answer: str  # one word, or several with commas between them


@dataclass(frozen=True)
class StoryCorpus:
    """Questions of all tasks; no story is in two of the parts of one task."""

    train: list[StoryQuestion]
    validation: list[StoryQuestion]
    test: list[StoryQuestion]
    data_sha256: dict[str, str]  # of all files together, for the record

    def texts(self) -> list[str]:
        """All sentences and questions of the training part."""
        return [text for x in self.train for text in (*x.story, x.question)]


def babi(size: str = "10k") -> StoryCorpus:
    """The twenty tasks, for joint training.

    The last tenth of each task's training stories is the validation part.

    Args:
        size: "1k" or "10k" training questions a task.

    Raises:
        ValueError: If the size is unknown, or a file is not that of upstream (see
            `seqzoo.data.download.read_bytes`).
    """
    if size not in SIZES:
        raise ValueError(
            f"`size` must be one of {', '.join(SIZES)}. Received: size={size!r}"
        )
    train: list[StoryQuestion] = []
    validation: list[StoryQuestion] = []
    test: list[StoryQuestion] = []
    hashes = []
    for task in range(1, len(TASK_NAMES) + 1):
        folder = SIZES[size]
        if (folder, str(task), "train") not in SHA256:
            folder = SIZES["1k"]
        stories = list(_stories(_text(folder, task, "train"), task))
        count = len(stories) // 10
        train += [x for story in stories[:-count] for x in story]
        validation += [x for story in stories[-count:] for x in story]
        test += [
            x for story in _stories(_text("en", task, "test"), task) for x in story
        ]
        hashes += [SHA256[folder, str(task), "train"], SHA256["en", str(task), "test"]]
    together = hashlib.sha256("".join(hashes).encode()).hexdigest()
    return StoryCorpus(train, validation, test, {f"babi_{size}": together})


def toy_stories() -> StoryCorpus:
    """A few questions of two tasks, for tests and `--smoke`; they need no file."""
    rng = np.random.default_rng(0)
    people, places = ("Mary", "John", "Daniel"), ("garden", "office", "kitchen")

    def part(count: int) -> list[StoryQuestion]:
        questions = []
        for i in range(count):
            who = rng.permutation(people)[:2]
            where = rng.permutation(places)[:2]
            story = tuple(
                f"{a} went to the {b}." for a, b in zip(who, where, strict=True)
            )
            k = rng.integers(2)
            if i % 2:
                asked, answer = f"Is {who[k]} in the {where[0]}?", ("yes", "no")[k]
            else:
                asked, answer = f"Where is {who[k]}?", str(where[k])
            questions.append(StoryQuestion(1 + 5 * (i % 2), story, asked, answer))
        return questions

    return StoryCorpus(part(32), part(8), part(8), {})


def _stories(text: str, task: int) -> Iterator[list[StoryQuestion]]:
    """The questions of each story of a file."""
    story: list[str] = []
    questions: list[StoryQuestion] = []
    for line in text.splitlines():
        number, _, rest = line.partition(" ")
        if number == "1":
            if questions:
                yield questions
            story, questions = [], []
        if "\t" in rest:
            question, answer, _ = rest.split("\t")
            asked = StoryQuestion(task, tuple(story), question.strip(), answer)
            questions.append(asked)
        else:
            story.append(rest.strip())
    if questions:
        yield questions


def _text(folder: str, task: int, part: str) -> str:
    """A file's text; where `SEQZOO_DATA_DIR` has the archive, from there."""
    name = f"{folder}/qa{task}_{TASK_NAMES[task - 1]}_{part}.txt"
    sha256 = SHA256[folder, str(task), part]
    file = UpstreamFile(f"babi/{FOLDER}/{name}", f"{URL}/{name}", sha256)
    archive = Path(os.environ.get("SEQZOO_DATA_DIR", "")) / ARCHIVE
    if not archive.is_file():
        return read_bytes(file).decode("utf-8")
    data = _archived(archive).get(f"{FOLDER}/{name}", b"")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(
            f"{archive} must hold {FOLDER}/{name} with sha256 {sha256}. It holds no "
            f"such file or another one. Remove it, or get {file.url} again."
        )
    return data.decode("utf-8")


@functools.cache
def _archived(archive: Path) -> dict[str, bytes]:
    """The files of the archive by their names."""
    with tarfile.open(archive) as tar:
        return {
            member.name.removeprefix("./"): file.read()
            for member in tar
            if (file := tar.extractfile(member)) is not None
        }
