"""Known releases."""

from tandem.corpora.releases import RELEASES, identify

T15 = (4000, 1000, 3257)


def sizes(numbers: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("train", "valid", "test"), numbers, strict=True))


def test_releases_are_recognised_by_their_hashes() -> None:
    for release in RELEASES:
        full = {split: digest + "0" * 52 for split, digest in release.hashes.items()}
        assert identify(full, sizes(T15)) == (f"{release.corpus} {release.name}", None)


def test_releases_warn_of_relabelled_mixed_and_unknown_ones() -> None:
    other = {"train": "f" * 64, "valid": "f" * 64, "test": "f" * 64}
    name, warning = identify(other, sizes(T15))
    assert (name, "relabelled" in (warning or "")) == ("unknown", True)
    assert "4290/1432/1459" in (identify(other, sizes((4290, 1432, 1459)))[1] or "")
    assert "MNRE" in (identify(other, sizes((12247, 1624, 1614)))[1] or "")
    assert "not a release" in (identify(other, sizes((1, 2, 3)))[1] or "")
    mixed = other | {"train": RELEASES[0].hashes["train"] + "0" * 52}
    name, warning = identify(mixed, sizes(T15))
    assert name == "Twitter-2015 mixed"
    assert warning is not None
    assert "test, valid from elsewhere" in warning
