"""One spelling for each brand and country, and what is known of brands beforehand."""

from __future__ import annotations

from unicodedata import normalize

# Spellings of the official registers that differ from the brand's own by more than case. General knowledge.
_ALIASES = {
    "bmw i": "BMW",
    "citroen": "Citroën",
    "daimler ag smart": "Smart",
    "great wall": "GWM",
    "great wall motor company": "GWM",
    "great wall motor company limit": "GWM",
    "haval": "GWM",
    "hong qi": "Hongqi",
    "leap motor": "Leapmotor",
    "leapmotors": "Leapmotor",
    "lucid motors": "Lucid",
    "lynk&co": "Lynk & Co",
    "mg roewe": "MG",
    "ora": "GWM",
    "skoda": "Škoda",
    "tesla motors": "Tesla",
    "wey": "GWM",
    "xiao peng": "Xpeng",
    "xpeng motors": "Xpeng",
}

# Brands that sell nothing but battery-electric cars, with the last year in which that held everywhere (general
# knowledge, grade B). Where Open-EV-Charts lists both counts of a brand, the counts decide instead.
BEV_ONLY_UNTIL = {
    "Aion": 2024,
    "Aiways": 2099,
    "Deepal": 2025,
    "Fisker": 2099,
    "Leapmotor": 2024,
    "Lucid": 2099,
    "NIO": 2024,
    "Ora": 2099,
    "Polestar": 2099,
    "Rivian": 2099,
    "Seres": 2022,
    "Smart": 2024,
    "Tesla": 2099,
    "Think": 2099,
    "VinFast": 2099,
    "Voyah": 2024,
    "Xpeng": 2099,
    "Zeekr": 2024,
}

# Makers that sold cars all over the world well before 2017 (general knowledge, grade B): their first electric car is
# no newcomer, even where a panel holds no counts of all fuels that would show it.
LONG_SOLD = frozenset({
    "Alfa Romeo", "Audi", "BMW", "Chevrolet", "Citroën", "Dacia", "DS", "Fiat", "Ford", "Honda", "Hyundai", "Jaguar",
    "Jeep", "Kia", "Land Rover", "Lexus", "Mazda", "Mercedes", "Mercedes-Benz", "Mini", "Mitsubishi", "Nissan", "Opel",
    "Peugeot", "Porsche", "Renault", "Škoda", "Ssangyong", "Subaru", "Suzuki", "Toyota", "Vauxhall", "Volkswagen",
    "Volvo", "VW",
})  # fmt: skip

REGIONS = {
    "AT": "dach", "CH": "dach", "DE": "dach",
    "BE": "benelux", "LU": "benelux", "NL": "benelux",
    "DK": "nordic", "FI": "nordic", "IS": "nordic", "NO": "nordic", "SE": "nordic",
    "FR": "south", "ES": "south", "GR": "south", "IT": "south", "PT": "south",
    "IE": "islands", "UK": "islands",
    "CZ": "east", "EE": "east", "HU": "east", "LT": "east", "LV": "east", "PL": "east", "RO": "east", "SI": "east",
    "SK": "east", "BG": "east", "HR": "east",
    "AU": "oceania", "NZ": "oceania",
    "BR": "latin america", "CL": "latin america", "CO": "latin america", "MX": "latin america",
    "CN": "china",
    "IL": "middle east", "TR": "middle east",
    "IN": "asia", "ID": "asia", "JP": "asia", "KR": "asia", "MY": "asia", "SG": "asia", "TH": "asia",
    "CA": "north america", "US": "north america",
}  # fmt: skip

COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Bulgaria": "BG", "Canada": "CA",
    "Chile": "CL", "China": "CN", "Colombia": "CO", "Croatia": "HR", "Cyprus": "CY", "Czechia": "CZ", "Denmark": "DK",
    "Estonia": "EE", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hungary": "HU",
    "Iceland": "IS", "India": "IN", "Indonesia": "ID", "Ireland": "IE", "Israel": "IL", "Italy": "IT", "Japan": "JP",
    "Latvia": "LV", "Lithuania": "LT", "Luxembourg": "LU", "Malaysia": "MY", "Malta": "MT", "Mexico": "MX",
    "Netherlands": "NL", "New Zealand": "NZ", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "Romania": "RO",
    "Singapore": "SG", "Slovakia": "SK", "Slovenia": "SI", "South Korea": "KR", "Spain": "ES", "Sweden": "SE",
    "Switzerland": "CH", "Thailand": "TH", "Turkey": "TR", "USA": "US", "United Kingdom": "UK",
}  # fmt: skip


_CODES = {name.casefold(): code for name, code in COUNTRIES.items()} | {
    "gb": "UK", "el": "GR", "united states": "US", "great britain": "UK", "czech republic": "CZ", "türkiye": "TR",
    "the netherlands": "NL",
}  # fmt: skip


def country_code(written: str) -> str:
    """The code of a country written as a code or in English; what is neither stays as it is."""
    text = normalize("NFC", " ".join(written.split()))
    return _CODES.get(text.casefold(), text.upper() if len(text) in (2, 3) else text)


def brand_name(written: str) -> str:
    """The one spelling of a brand: aliases resolved, shouted names in title case, short ones as they are.

    An accent may be written as part of its letter or as a sign of its own (Unicode's two normal forms): alike here.
    """
    text = normalize("NFC", " ".join(written.split()))
    alias = _ALIASES.get(text.casefold())
    if alias:
        return alias
    return _KNOWN.get(text.casefold(), text if len(text) <= 3 or not text.isupper() else text.title())


_KNOWN = {name.casefold(): name for name in [*BEV_ONLY_UNTIL, "BYD", "GWM", "JAC", "MG", "NIO", "DFSK", "BAIC"]}


def region(country: str) -> str:
    """Region label of a country; one of its own where the table has none."""
    return REGIONS.get(country, country)


_LONG_SOLD = frozenset(name.casefold() for name in LONG_SOLD)


def long_sold(brand: str) -> bool:
    """True of a maker known to have sold cars all over the world before the sources begin."""
    return brand.casefold() in _LONG_SOLD
