"""params.yaml as strict typed models: the only place that knows defaults and ranges."""

from tandem.params.base import Knobs
from tandem.params.corpora import (
    CorpusParams,
    FileCorpusParams,
    MergedCorpusParams,
    MnreCorpusParams,
    TwitterCorpusParams,
)
from tandem.params.prompted import PromptedParams
from tandem.params.relation import RelationParams
from tandem.params.root import ParamsError, TandemParams, load_params, load_tree, parse_params
from tandem.params.text import HeadParams, LoraParams, ScratchParams, TextParams
from tandem.params.training import TrainParams

__all__ = [
    "CorpusParams",
    "FileCorpusParams",
    "HeadParams",
    "Knobs",
    "LoraParams",
    "MergedCorpusParams",
    "MnreCorpusParams",
    "ParamsError",
    "PromptedParams",
    "RelationParams",
    "ScratchParams",
    "TandemParams",
    "TextParams",
    "TrainParams",
    "TwitterCorpusParams",
    "load_params",
    "load_tree",
    "parse_params",
]
