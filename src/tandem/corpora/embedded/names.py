"""Names of the embedded corpora: ambiguous ones, and lists per type that share no word with each other.

The people are invented. A name is a string whose words are split at spaces.
"""

from __future__ import annotations

TYPES = ("PER", "LOC", "ORG", "MISC")

# Each of these is, somewhere, the name of a person, a place, an organisation and a product.
AMBIGUOUS = (
    "Jordan",
    "Paris",
    "Phoenix",
    "Lincoln",
    "Amazon",
    "Florence",
    "Austin",
    "Georgia",
    "Mercury",
    "Savannah",
    "Sydney",
    "Chelsea",
    "Madison",
    "Dakota",
    "Carolina",
    "Houston",
    "Orlando",
    "Victoria",
    "Charlotte",
    "Kingston",
    "Hudson",
    "Aurora",
    "Cleveland",
    "Dallas",
    "Jackson",
    "Geneva",
    "Virginia",
    "Sierra",
    "Santiago",
    "Avalon",
    "Montana",
    "Brooklyn",
    "Vienna",
    "Jasper",
    "Denver",
    "Saturn",
    "Santa Fe",
    "Monte Carlo",
    "San Marino",
    "Saint Laurent",
    "Royal Oak",
    "Silver Lake",
    "Crystal Palace",
    "Morgan Hill",
    "Grant Park",
    "Stella Maris",
    "Prince George",
    "Bell Harbour",
)

_SHARED = {
    "PER": (
        "Aisha Bello",
        "Tomas Rivera",
        "Oliver",
        "Priya Nair",
        "Hannah Schulz",
        "Kwame",
        "Ingrid Solberg",
        "Mateo",
    ),
    "LOC": (
        "Lisbon",
        "Nairobi",
        "New Zealand",
        "Osaka",
        "Reykjavik",
        "Mount Fuji",
        "Marrakesh",
        "Buenos Aires",
    ),
    "ORG": (
        "UNICEF",
        "Red Cross",
        "NASA",
        "World Bank",
        "Interpol",
        "Greenpeace",
        "Lufthansa",
        "FIFA",
    ),
    "MISC": (
        "iPhone",
        "PlayStation",
        "Game Boy",
        "Kindle",
        "Nutella",
        "Polaroid Now",
        "Walkman",
        "Vespa Primavera",
    ),
}

_OWN = {
    "social": {
        "PER": ("Lena Fischer", "Dwayne", "Yuki Tanabe", "Bruno Caldas", "Fatima", "Jonas Eklund"),
        "LOC": ("Toronto", "Hong Kong", "Manchester", "Lagos", "Glasgow", "Sao Paulo"),
        "ORG": ("Congress", "Google", "BBC News", "Spotify", "Arsenal", "Stanford University"),
        "MISC": ("Xbox", "Lego Technic", "Photoshop", "Galaxy S9", "Doritos", "Fortnite"),
    },
    "travel": {
        "PER": ("Camille Roux", "Anders", "Noor Haddad", "Giulia", "Pavel Horak", "Thandiwe"),
        "LOC": ("Zanzibar", "Amalfi Coast", "Patagonia", "Ho Chi Minh", "Edinburgh", "Yellowstone"),
        "ORG": ("Ryanair", "Hilton", "Lonely Planet", "UNESCO", "Air France", "Airbnb"),
        "MISC": ("GoPro", "Boeing 737", "Lumix", "Oktoberfest", "Interrail Pass", "Leica Q2"),
    },
}


def unambiguous(theme: str) -> dict[str, tuple[str, ...]]:
    """Names per type of the theme `social` or `travel`; the two themes share more than half of them."""
    return {kind: _SHARED[kind] + _OWN[theme][kind] for kind in TYPES}
