"""What many tests share: small corpora, tiny checkpoints, parameters."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that reaches for a hub is wrong
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
torch.set_num_threads(1)  # two cores: tests may run beside each other


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that one process does not end with it alone while the other idles."""
    items.sort(key=lambda item: "pipeline" not in item.path.parts)


@pytest.fixture(scope="session")
def make_params() -> Callable[..., Any]:
    """Parameters of a small model: `make_params(fusion="film", **{"train.epochs": 2})`."""
    from tandem.params import parse_params  # noqa: PLC0415

    def make(**changes: Any) -> Any:
        tree: dict[str, Any] = {
            "fusion": "film",
            "datasets": ["tiny"],
            "seeds": [1],
            "corpora": {"tiny": {"format": "twitter"}},
            "text": {"scratch": {"dim": 32, "buckets": 512, "layers": 1}},
            "train": {"epochs": 2, "batch_size": 8, "threads": 1, "device": "cpu"},
        }
        for key, value in changes.items():
            *groups, leaf = key.split(".")
            place = tree
            for group in groups:
                place = place.setdefault(group, {})
            place[leaf] = value
        return parse_params(tree)

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium without a window; tests that need it are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two thin layers with a WordPiece vocabulary of letters and a few words, saved as a checkpoint."""
    from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-bert")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789@#:/."
    words = ["dog", "runs", "on", "the", "beach"]
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*specials, *letters, *words, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa with a byte-level vocabulary, which writes a word after a blank unlike one at the start of a text."""
    from tokenizers import ByteLevelBPETokenizer  # noqa: PLC0415
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizerFast  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-roberta")
    trainer = ByteLevelBPETokenizer()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer.train_from_iterator(["the word and the words in the world"] * 4, vocab_size=300, special_tokens=specials)
    trainer.save_model(str(folder))
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=300,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(folder)
    tokenizer = RobertaTokenizerFast(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_mpnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MPNet, whose positions are counted like RoBERTa's and whose words are BERT's."""
    from transformers import MPNetConfig, MPNetModel, MPNetTokenizerFast  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-mpnet")
    letters = "abcdefghijklmnopqrstuvwxyz[]/0123456789"
    tokens = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *letters, *(f"##{letter}" for letter in letters)]
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
    )
    MPNetModel(config).save_pretrained(folder)
    MPNetTokenizerFast(vocab={token: row for row, token in enumerate(tokens)}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_bertweet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa with BERTweet's tokenizer, which is written in Python."""
    from transformers import BertweetTokenizer, RobertaConfig, RobertaModel  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-bertweet")
    letters = "abcdefghijklmnopqrstuvwxyz[]/0123456789"
    tokens = [*(f"{letter}@@" for letter in letters), *letters, "the"]
    (folder / "vocab.txt").write_text("".join(f"{token} 1\n" for token in tokens), encoding="utf-8")
    (folder / "bpe.codes").write_text("t h 9\nth e</w> 9\n", encoding="utf-8")
    tokenizer = BertweetTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))
    tokenizer.save_pretrained(folder)
    # As published: what save_pretrained writes has lost the last column, and with it all merges.
    (folder / "bpe.codes").write_text("t h 9\nth e</w> 9\n", encoding="utf-8")
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        pad_token_id=1,
        tokenizer_class="BertweetTokenizer",
    )
    RobertaModel(config).save_pretrained(folder)
    return folder


LETTERS = "abcdefghijklmnopqrstuvwxyz[]/0123456789@"
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def byte_level(specials: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of a byte-level tokenizer."""
    from tokenizers import ByteLevelBPETokenizer  # noqa: PLC0415

    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator(["the word and the words"] * 4, vocab_size=290, special_tokens=specials)
    model = json.loads(trainer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


@pytest.fixture(scope="session")
def tiny_xlmr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XLM-R, whose pieces are those of a unigram model and whose words begin with `▁`."""
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-xlmr")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁the", "▁dog", *LETTERS, "<mask>"]
    tokenizer = XLMRobertaTokenizer(vocab=[(token, -1.0 * (row > 3)) for row, token in enumerate(tokens)])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        **TINY, vocab_size=len(tokenizer), max_position_embeddings=66, pad_token_id=1, type_vocab_size=1
    )
    XLMRobertaModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_deberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DeBERTa as published: relative positions alone, a byte-level vocabulary."""
    from transformers import DebertaConfig, DebertaModel, DebertaTokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-deberta")
    vocabulary, merges = byte_level(["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"])
    DebertaTokenizer(vocab=vocabulary, merges=merges).save_pretrained(folder)
    torch.manual_seed(0)
    relative = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}
    config = DebertaConfig(
        **TINY, **relative, vocab_size=290, max_position_embeddings=24, pad_token_id=1, type_vocab_size=0
    )
    DebertaModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_deberta_v3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DeBERTa-v3 as published, with the convolution of the larger v2 models: relative positions in buckets."""
    from transformers import DebertaV2Config, DebertaV2Model, DebertaV2Tokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-deberta-v3")
    tokens = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "▁", "▁the", "▁dog", *LETTERS, "[MASK]"]
    vocabulary = [(token, -1.0 * (row > 3)) for row, token in enumerate(tokens)]
    tokenizer = DebertaV2Tokenizer(vocab=vocabulary, unk_id=3)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    relative = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
    buckets = {"position_buckets": 8, "norm_rel_ebd": "layer_norm", "share_att_key": True, "conv_kernel_size": 3}
    config = DebertaV2Config(
        **TINY, **relative, **buckets, vocab_size=len(tokenizer), max_position_embeddings=24, type_vocab_size=0
    )
    DebertaV2Model(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama: a decoder with a start token and none for padding, whose tokenizer pads on the left."""
    from transformers import LlamaConfig, LlamaModel, LlamaTokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-llama")
    tokens = ["<unk>", "<s>", "</s>", "▁", *LETTERS, "th", "the", "▁the"]
    tokenizer = LlamaTokenizer(
        vocab={token: row for row, token in enumerate(tokens)},
        merges=[("t", "h"), ("th", "e"), ("▁", "the")],
        add_bos_token=True,
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    LlamaModel(LlamaConfig(**TINY, num_key_value_heads=1, vocab_size=len(tokenizer))).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_mistral(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Mistral, whose words see only a few before them, in half precision as decoders are published."""
    from transformers import AutoTokenizer, MistralConfig, MistralModel  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-mistral")
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = MistralConfig(
        **TINY, num_key_value_heads=1, vocab_size=len(tokenizer), sliding_window=8, pad_token_id=None
    )
    MistralModel(config).bfloat16().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2: a decoder without a start token, with a byte-level vocabulary."""
    from transformers import Qwen2Config, Qwen2Model, Qwen2Tokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-qwen2")
    vocabulary, merges = byte_level(["<|endoftext|>"])
    Qwen2Tokenizer(vocab=vocabulary, merges=merges).save_pretrained(folder)
    torch.manual_seed(0)
    Qwen2Model(Qwen2Config(**TINY, num_key_value_heads=1, vocab_size=290)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP, of which the text model is read: 77 positions, lower case, words that end in `</w>`."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("tiny-clip")
    letters = [letter for letter in LETTERS if letter not in "[]/@"]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "th", "the</w>", "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: row for row, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=[("t", "h"), ("th", "e</w>")]).save_pretrained(folder)
    torch.manual_seed(0)
    ends = {"bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1, "pad_token_id": len(tokens) - 1}
    config = CLIPConfig(
        text_config={**TINY, **ends, "vocab_size": len(tokens)},
        vision_config={**TINY, "image_size": 32, "patch_size": 16},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_joint(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Callable[[str], Path]:
    """`tiny_joint(name)`: a checkpoint of `vilt`, of `blip2_opt` or `blip2_t5`, or of BLIP: `blip_vqa`, `blip_itm`,
    `blip_captioning`, for pictures of 32 x 32 pixels. Its tower gives 4 patch tokens of 16 numbers."""
    from transformers import (  # noqa: PLC0415
        AutoTokenizer,
        Blip2Config,
        Blip2ForConditionalGeneration,
        BlipConfig,
        BlipForConditionalGeneration,
        BlipForImageTextRetrieval,
        BlipForQuestionAnswering,
        BlipImageProcessor,
        GPT2Tokenizer,
        OPTConfig,
        T5Config,
        T5Tokenizer,
        ViltConfig,
        ViltForMaskedLM,
        ViltImageProcessor,
    )

    tower = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    tower |= {"image_size": 32, "patch_size": 16, "initializer_range": 0.2}
    wide = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "initializer_range": 0.2}
    words = len(AutoTokenizer.from_pretrained(tiny_bert))
    made: dict[str, Path] = {}

    def blip(name: str) -> tuple[Any, Any]:
        text = {**wide, "vocab_size": words, "intermediate_size": 32, "max_position_embeddings": 64}
        text |= {"hidden_dropout_prob": 0.1, "bos_token_id": 2, "sep_token_id": 3, "encoder_hidden_size": 16}
        kinds = {
            "blip_vqa": BlipForQuestionAnswering,
            "blip_itm": BlipForImageTextRetrieval,
            "blip_captioning": BlipForConditionalGeneration,
        }
        config = BlipConfig(text_config=text, vision_config=tower, projection_dim=8, image_text_hidden_size=8)
        return kinds[name](config), AutoTokenizer.from_pretrained(tiny_bert)

    def vilt() -> tuple[Any, Any]:
        config = ViltConfig(
            **wide,
            vocab_size=words,
            intermediate_size=32,
            max_position_embeddings=40,
            image_size=64,  # trained on more patches than a test's pictures have, so that positions are interpolated
            patch_size=16,
            hidden_dropout_prob=0.1,
        )
        model = ViltForMaskedLM(config)
        for zero in (model.vilt.embeddings.cls_token, model.vilt.embeddings.position_embeddings):
            torch.nn.init.normal_(zero)  # as those of a trained one are not
        return model, AutoTokenizer.from_pretrained(tiny_bert)

    def blip2(name: str) -> tuple[Any, Any]:
        if name == "blip2_opt":
            vocabulary, merges = byte_level(["<s>", "<pad>", "</s>", "<unk>"])
            tokenizer: Any = GPT2Tokenizer(
                vocab=vocabulary,
                merges=merges,
                bos_token="</s>",
                eos_token="</s>",
                unk_token="</s>",
                pad_token="<pad>",
                add_bos_token=True,
            )
            text: Any = OPTConfig(
                vocab_size=len(tokenizer),
                hidden_size=32,
                word_embed_proj_dim=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                ffn_dim=32,
                max_position_embeddings=64,
                init_std=0.2,
                dropout=0.1,
            )
        else:
            letters = "abcdefghijklmnopqrstuvwxyzAPL0123456789@#:/."
            pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), *((c, -3.0) for c in letters)]
            pieces += [("\u2581", -4.0), *(("\u2581" + letter, -3.0) for letter in letters)]
            tokenizer = T5Tokenizer(vocab=pieces, extra_ids=0)
            text = T5Config(
                vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=32, num_layers=2, num_decoder_layers=1, num_heads=2
            )
        queries = {**tower, "hidden_size": 24, "num_hidden_layers": 2, "vocab_size": 30, "encoder_hidden_size": 16}
        queries = {key: value for key, value in queries.items() if key not in ("image_size", "patch_size")}
        config = Blip2Config(
            vision_config=tower, qformer_config=queries, text_config=text.to_dict(), num_query_tokens=3
        )
        model = Blip2ForConditionalGeneration(config)
        torch.nn.init.normal_(model.query_tokens)  # zero at first, which a trained one is not
        return model, tokenizer

    def make(name: str) -> Path:
        if name not in made:
            folder = made[name] = tmp_path_factory.mktemp(f"tiny-{name}")
            torch.manual_seed(0)
            kind = name.partition("_")[0]
            model, tokenizer = {"blip": lambda: blip(name), "vilt": vilt, "blip2": lambda: blip2(name)}[kind]()
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            (ViltImageProcessor if name == "vilt" else BlipImageProcessor)().save_pretrained(folder)
        return made[name]

    return make


@pytest.fixture(scope="session")
def tiny_corpus() -> Callable[[str, int], Any]:
    """`tiny_corpus(split, sentences)`: samples in which the picture alone tells the type of the name `Paris`."""
    import random  # noqa: PLC0415

    from tandem.corpora.schema import Sample  # noqa: PLC0415

    def make(split: str, sentences: int) -> list[Sample]:
        chance = random.Random(f"{split}{sentences}")
        samples = []
        for number in range(sentences):
            kind = chance.choice(["PER", "LOC"])
            words = ["saw", "Paris", chance.choice(["today", "again"]), *["really"] * chance.randrange(4)]
            tags = ["O", f"B-{kind}", *["O"] * (len(words) - 2)]
            image_id = f"{split}-{kind}-{number}" if number % 10 else None
            samples.append(Sample(**post(split, number, words, image_id), tags=tags))
        return samples

    return make


@pytest.fixture
def tiny_pairs() -> Callable[[str, int], Any]:
    """`tiny_pairs(split, pairs)`: the order of head and tail tells one relation, the picture alone the other two."""
    import random  # noqa: PLC0415

    from tandem.corpora.schema import RelationSample  # noqa: PLC0415

    def make(split: str, pairs: int) -> list[RelationSample]:
        chance = random.Random(f"{split}{pairs}")
        samples = []
        for number in range(pairs):
            kind = chance.choice(["PER", "LOC"])
            image_id = f"{split}-{kind}-{number}" if number % 10 else None
            words = [*["so"] * chance.randrange(3), "Ann", "Lee", "joined", "Acme"]
            person, firm = (len(words) - 4, len(words) - 2), (len(words) - 1, len(words))
            head, tail = chance.choice([(person, firm), (firm, person)])
            relation = {"PER": "/org/per/led_by", "LOC": "None"}[kind] if head is firm else "/per/org/member_of"
            ends = {"head_start": head[0], "head_end": head[1], "tail_start": tail[0], "tail_end": tail[1]}
            samples.append(RelationSample(**post(split, number, words, image_id), **ends, relation=relation))
        return samples

    return make


def post(split: str, number: int, words: list[str], image_id: str | None) -> dict[str, Any]:
    """What rows of both tasks have."""
    from tandem.corpora.schema import text_hash  # noqa: PLC0415

    return {
        "id": f"{split}-{number}",
        "source": "tiny",
        "split": split,
        "words": words,
        "image_id": image_id,
        "image_path": None,
        "image_hash": None,
        "caption": image_id and ("a smiling man" if "-PER-" in image_id else "an empty street at night"),
        "text_hash": text_hash(words),
    }


@pytest.fixture
def tiny_features() -> Callable[[list[Any]], Any]:
    """`tiny_features(samples)`: a feature cache in which pictures of one type look alike."""
    from tandem.vision.cache import FeatureCache  # noqa: PLC0415

    def make(samples: list[Any]) -> Any:
        ids = [sample.image_id for sample in samples if sample.image_id]
        generator = torch.Generator().manual_seed(0)
        signs = torch.tensor([1.0 if "-PER-" in image_id else -1.0 for image_id in ids])
        direction = torch.linspace(-1, 1, 6)
        noise = torch.randn(len(ids), 6, generator=generator)
        pooled = signs[:, None] * direction + 0.1 * noise
        regions = torch.stack([pooled, noise, 0.5 * pooled], dim=1).half()
        lengths = torch.full((len(ids),), 3)
        return FeatureCache(ids=ids, pooled=pooled, rows=torch.arange(len(ids)), lengths=lengths, regions=regions)

    return make


@pytest.fixture
def tiny_pictures() -> Callable[..., Any]:
    """`tiny_pictures(samples, side=32)`: a cache of pictures themselves, reddish for one type and bluish for others."""
    from tandem.vision.cache import FeatureCache  # noqa: PLC0415
    from tandem.vision.squares import to_rows  # noqa: PLC0415

    def make(samples: list[Any], side: int = 32) -> Any:
        ids = [sample.image_id for sample in samples if sample.image_id]
        generator = torch.Generator().manual_seed(0)
        squares = torch.randint(120, (len(ids), 3, side, side), generator=generator, dtype=torch.uint8)
        for square, image_id in zip(squares, ids, strict=True):
            square[0 if "-PER-" in image_id else 2] += 120
        rows = torch.arange(len(ids))
        pooled, lengths = squares.float().mean(dim=(2, 3)), torch.full((len(ids),), side)
        return FeatureCache(ids=ids, pooled=pooled, rows=rows, lengths=lengths, regions=to_rows(squares))

    return make
