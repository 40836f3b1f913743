"""What the posts of the embedded relation corpus say around two names, where the words tell.

Templates are words split at spaces; `{A}` stands for the head and `{B}` for the tail. Most words are those of the
other embedded corpora, so that a tagger trained there is not thrown off by a sentence of this one.
"""

from __future__ import annotations

from tandem.corpora.embedded.scenes import BIRTH, COUPLE, PEER, RESIDENCE, SIBLINGS

MEMBER, LOCATED, PART = "/per/org/member_of", "/org/loc/locate_at", "/misc/misc/part_of"

# The words tell the relation.
TOLD = {
    COUPLE: (
        "{A} and her husband {B} are so cute together",
        "congrats {A} and {B} on the wedding",
        "{A} and {B} just got married",
        "so {A} is in love with {B} now",
    ),
    PEER: (
        "{A} had lunch with her colleague {B}",
        "{A} and {B} are on the same team",
        "{A} and {B} at work together this morning",
        "my buddy {A} and his coworker {B}",
    ),
    SIBLINGS: (
        "happy birthday to the twins {A} and {B} !!",
        "{A} is the little brother of {B}",
        "my buddy {A} and his brother {B}",
        "{A} and {B} have the same mom",
    ),
    RESIDENCE: (
        "{A} lives in {B} now",
        "{A} moved to {B} last month",
        "{A} bought a house in {B}",
        "{B} is the new home of {A}",
    ),
    BIRTH: (
        "{A} was born in {B}",
        "{B} is the birthplace of {A}",
        "the new baby {A} arrived in {B} this morning",
        "a hospital in {B} saw {A} first",
    ),
    MEMBER: (
        "{A} signed a contract with {B} today",
        "{B} just hired {A}",
        "{A} is on the board of {B}",
        "{A} works for {B}",
    ),
    LOCATED: (
        "{A} just hired 200 people in {B}",
        "{A} announced a new office in {B}",
        "press conference at the {A} office in {B}",
        "{A} has 4 offices across {B}",
    ),
    PART: (
        "my new {A} arrived inside the {B}",
        "the {A} is only one part of the {B}",
        "unboxing the {B} and its {A} right now",
        "this {B} has a {A} in it",
    ),
}

# The words tell that there is no relation. Keys: types of {A} and {B}.
UNRELATED = {
    ("PER", "PER"): (
        "{A} never met {B}",
        "{A} and {B} are strangers",
        "{A} has no idea who {B} is",
    ),
    ("PER", "LOC"): (
        "{A} never saw the streets of {B}",
        "{A} missed the trip to {B}",
        "heavy rain , so {A} never landed in {B}",
    ),
    ("PER", "ORG"): (
        "{A} got no contract with {B}",
        "{A} dislikes the board of {B}",
        "{B} never called {A} back",
    ),
    ("ORG", "LOC"): (
        "{A} announced nothing about {B}",
        "{A} left {B} last month",
        "{A} has nobody in {B}",
    ),
    ("MISC", "MISC"): (
        "selling my {A} for a {B} , dm me",
        "bought the {A} and not the {B}",
        "my {A} is better than the {B}",
    ),
    ("PER", "MISC"): (
        "{A} is unboxing the {B} right now",
        "{A} can't open the {B} without breaking it",
        "{A} is selling the {B} for 40 bucks",
    ),
    ("LOC", "MISC"): (
        "bought a {B} in {A} for 40 bucks",
        "the battery of my {B} is dead in {A}",
        "selling my {B} in {A} , dm me",
    ),
    ("ORG", "MISC"): (
        "{A} announced a new {B}",
        "{A} is selling the {B}",
        "{A} shares are up thanks to the {B}",
    ),
}
