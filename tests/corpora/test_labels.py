"""Label sets and their mapping between corpora."""

from tandem.corpora.labels import entity_types, label_set, rename_tags, type_mapping


def test_labels_close_the_set_over_b_and_i() -> None:
    types = entity_types([["O", "I-PER"], ["B-LOC", "B-geo-loc"]])
    assert types == ["LOC", "PER", "geo-loc"]
    assert label_set(types) == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "B-geo-loc", "I-geo-loc"]


def test_labels_map_misc_and_other_to_whichever_the_target_has() -> None:
    assert type_mapping(["PER", "MISC"], ["OTHER", "PER"]) == {"PER": "PER", "MISC": "OTHER"}
    assert type_mapping(["OTHER"], ["MISC"]) == {"OTHER": "MISC"}
    assert type_mapping(["MISC"], ["MISC", "OTHER"]) == {"MISC": "MISC"}


def test_labels_keep_types_that_the_target_lacks() -> None:
    assert type_mapping(["DATE"], ["PER"]) == {"DATE": "DATE"}
    assert rename_tags(["B-MISC", "I-MISC", "O", "B-PER"], {"MISC": "OTHER"}) == ["B-OTHER", "I-OTHER", "O", "B-PER"]
