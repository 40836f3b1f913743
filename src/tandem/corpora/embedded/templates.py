"""What the posts of the embedded corpora say around the names.

Templates are words split at spaces; `{A}` and `{B}` stand for a name. ANY and PAIR suit every type, and an ambiguous
name only ever stands in those.
"""

from __future__ import annotations

ANY = (
    "still thinking about {A} today",
    "can't stop talking about {A} lol",
    "{A} was the best part of my week",
    "who else loves {A} as much as me ?",
    "never been so impressed by {A}",
    "{A} never lets me down",
    "finally saw {A} again after 3 years",
    "first look at {A} this morning",
    "missing {A} so much rn",
    "{A} is better than everything else , no debate",
    "10 reasons why {A} made my day",
    "so this is {A} ... wow",
    "my sister told me everything about {A}",
    "nothing compares to {A} tbh",
    "{A} looks different today",
    "all my friends dislike {A} and idk why",
    "story of my life : me and {A}",
    "another photo of {A} for you",
    "{A} is trending again",
    "u either love {A} or u don't",
    "what happened to {A} since 2014 ?",
    "i could look at {A} all day",
    "the truth about {A} that nobody tells you",
    "rate {A} from 1 to 10",
    "big news about {A} tonight !",
    "forever a fan of {A}",
    "they were wrong about {A} , sorry not sorry",
    "not sure how i feel about {A} yet",
    "everyone deserves {A} once in life",
    "THIS is why we need {A}",
)

PAIR = (
    "{A} and {B} in one day , lucky me",
    "{A} or {B} ? asking for a friend",
    "first {A} , then {B} , what a weekend",
    "nobody puts {A} next to {B} like that",
    "from {A} to {B} in 24 hours",
    "thanks to {A} i finally get {B}",
    "{A} reminds me of {B} somehow",
    "still waiting for {A} and also {B}",
)

TYPED = {
    "PER": (
        "happy birthday {A} !!",
        "{A} said he would call me back",
        "just had lunch with my buddy {A}",
        "{A} sings so well , what a voice",
        "congrats {A} on the new baby",
        "{A} and her husband are so cute together",
    ),
    "LOC": (
        "just landed in {A} , 28 degrees",
        "the streets of {A} at sunset",
        "woke up in {A} with this view",
        "heavy rain across {A} tonight",
        "moving to {A} next month",
        "best street food in {A} , trust me",
    ),
    "ORG": (
        "{A} just hired 200 people",
        "the board of {A} resigned this morning",
        "signed a contract with {A} today",
        "{A} shares are up 4 percent",
        "got an internship at {A} !!!",
        "{A} announced a press conference",
    ),
    "MISC": (
        "my new {A} arrived in the mail",
        "unboxing the {A} right now",
        "the battery of this {A} is dead again",
        "bought a second-hand {A} for 40 bucks",
        "selling my {A} , dm me",
        "can't open my {A} without breaking it",
    ),
}

CHATTER = {
    "social": (
        "monday again and i need coffee",
        "why is everybody awake at 3 am",
        "this made me laugh way too hard",
        "new haircut , new me i guess",
        "good night everyone , sleep tight",
        "when the wifi dies during the final",
        "never give up on ur dreams",
        "exam in 2 hours , pray for me",
    ),
    "travel": (
        "the view from my window seat",
        "lost my luggage again , great start",
        "breakfast by the beach , life is good",
        "packing for the next trip already",
        "6 hours of delay and no food",
        "sunrise hikes are worth every step",
        "road trip playlist , send me songs",
        "no filter needed for this sky",
    ),
}

OPENERS = {
    "social": ("omg", "lol", "ok so", "pls RT :", "BREAKING :", "y'all ,", "smh ,", "#nowplaying", "fun fact :"),
    "travel": ("wow ,", "day 12 :", "throwback :", "#tbt", "travel tip :", "ok so", "good morning !", "mood :"),
}

JOINERS = (",", "...", "and", "but", "|", ". also")

# Emoji on purpose include a zero-width joiner, a variation selector and a flag of two code points.
ENDINGS = {
    "social": (
        "😂",
        "😂 😂",
        "❤️",
        "👩\u200d💻",
        "🔥",
        "#lol",
        "#MondayMotivation",
        "#推し",
        "#صورة",
        "!!",
        "smh",
        "via @user_42",
        "¯\\_(ツ)_/¯",
    ),
    "travel": (
        "😍",
        "✈️",
        "🌍 ✨",
        "👨\u200d👩\u200d👧",
        "🇵🇹",
        "#wanderlust",
        "#travel #nofilter",
        "#旅行",
        "#سفر",
        "!!",
        "via @trip_pics",
        "xoxo",
    ),
}

USERS = {
    "social": ("@dailybuzz", "@kay_lee99", "@mr_grumpy", "@news4u", "@_sunny_", "@the_real_bo"),
    "travel": ("@wander_pics", "@gonomad", "@seat23A", "@tinytrips", "@maps_n_more", "@slow_trains"),
}
