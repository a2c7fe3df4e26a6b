"""Made-up products: six categories, their models, and how the variants of a model differ. Knows nothing of listings.

What is random about a product comes from its name, so a model keeps its facts and a variant its numbers whoever asks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Category:
    """Products of one kind: `models` by brand, `options` by which variants of a model differ, `facts` they share."""

    noun: str
    models: dict[str, tuple[str, ...]]
    options: dict[str, tuple[str, ...]]
    facts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    brand_key: str = "Brand"


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that can be sold: a model with its options chosen."""

    category: Category
    brand: str
    model: str
    options: dict[str, str]

    def facts(self) -> dict[str, str]:
        """What all variants of the model share."""
        rng = random.Random(f"{self.brand} {self.model}")  # noqa: S311
        return {name: rng.choice(values) for name, values in self.category.facts.items()}

    def numbers(self) -> dict[str, str]:
        """The numbers by which trade knows the product; each variant has its own."""
        rng = random.Random(f"{self.brand} {self.model} {self.options}")  # noqa: S311
        letters = "".join(rng.choices("ABCDEFGHKLMNPRSTUVWX", k=2))
        return {
            "MPN": f"{letters}{rng.randrange(1000, 10000)}{rng.choice(('', 'LL/A', '-B'))}",
            "UPC": str(rng.randrange(10**11, 10**12)),
        }


CATEGORIES = (
    Category(
        "Smartphone",
        {
            "Apple": ("iPhone 4", "iPhone 4S", "iPhone 5", "iPhone 5S", "iPhone 6", "iPhone 6 Plus"),
            "Samsung": ("Galaxy S4", "Galaxy S5", "Galaxy S6 Edge", "Galaxy Note 3", "Galaxy Note 4"),
            "Nokia": ("Lumia 520", "Lumia 635", "Lumia 920"),
        },
        {
            "Color": ("Black", "White", "Gold", "Silver", "Blue"),
            "Storage Capacity": ("8GB", "16GB", "32GB", "64GB"),
            "Carrier": ("Verizon", "AT&T", "Sprint", "T-Mobile", "Unlocked"),
        },
        {
            "Style": ("Bar", "Slider"),
            "Screen Size": ("3.5'", "4'", "4.7'", "5.1'", "5.5'"),
            "Camera Resolution": ("5.0MP", "8.0MP", "13.0MP", "16.0MP"),
        },
    ),
    Category(
        "Aquarium Pump",
        {
            "EHEIM": ("Universal 1046", "Universal 1048", "Universal 1250", "Compact 300"),
            "Hydor": ("Koralia 425", "Koralia 750", "Seltz L20", "Seltz L30"),
            "Marineland": ("Maxi-Jet 400", "Maxi-Jet 900", "Penguin 350"),
        },
        {"Voltage": ("110V", "220V"), "Cable Length": ("1.5 m", "3 m")},
        {
            "Type": ("Water Pump", "Powerhead", "Wave Maker"),
            "Flow Rate": ("79 GPH", "158 GPH", "317 GPH", "425 GPH"),
            "Suitable For": ("Freshwater", "Saltwater", "Freshwater & Saltwater"),
        },
    ),
    Category(
        "Video Game",
        {
            "Activision": ("Destiny", "Skylanders SuperChargers", "Call of Duty: Advanced Warfare"),
            "Ubisoft": ("Watch Dogs", "Far Cry 4", "Assassin's Creed Unity", "Just Dance 2016"),
            "Electronic Arts": ("FIFA 15", "FIFA 16", "Battlefield 4", "Need for Speed Rivals"),
        },
        {"Platform": ("Sony PlayStation 3", "Sony PlayStation 4", "Microsoft Xbox 360", "Microsoft Xbox One", "PC")},
        {
            "Rating": ("E-Everyone", "T-Teen", "M-Mature"),
            "Genre": ("Racing", "Action/Adventure", "Sports", "Party/Compilation"),
        },
        brand_key="Publisher",
    ),
    Category(
        "Digital Camera",
        {
            "Canon": ("PowerShot SX50", "PowerShot ELPH 340", "EOS Rebel T5", "EOS 70D"),
            "Nikon": ("Coolpix L830", "Coolpix S3600", "D3200", "D5300"),
            "Sony": ("Cyber-shot DSC-W800", "Cyber-shot DSC-HX60", "Alpha A6000"),
        },
        {"Color": ("Black", "Silver", "Red", "Purple"), "Bundled Items": ("Body Only", "18-55mm Lens", "Case & Card")},
        {
            "Megapixels": ("12.1 MP", "16.0 MP", "18.0 MP", "20.1 MP", "24.2 MP"),
            "Screen Size": ("2.7'", "3'", "3.2'"),
            "Optical Zoom": ("4x", "12x", "30x", "50x"),
        },
    ),
    Category(
        "Running Shoes",
        {
            "Nike": ("Free 5.0", "Air Max 90", "Roshe One", "Flyknit Lunar 2"),
            "Adidas": ("Ultra Boost", "Superstar 80s", "Energy Boost 2"),
            "New Balance": ("574", "990v3", "Fresh Foam 980"),
        },
        {
            "Color": ("Black", "White", "Red", "Blue", "Gray", "Green"),
            "US Shoe Size (Men's)": ("8", "9", "9.5", "10", "11", "12"),
        },
        {"Style": ("Athletic Sneakers", "Running, Cross Training"), "Material": ("Mesh", "Leather", "Synthetic")},
    ),
    Category(
        "Graphics Card",
        {
            "EVGA": ("GeForce GTX 750 Ti", "GeForce GTX 960", "GeForce GTX 970"),
            "MSI": ("GeForce GT 720", "GeForce GTX 660", "GeForce GTX 970 4G"),
            "Zotac": ("GeForce GT 730", "GeForce GTX 980"),
        },
        {"Memory Size": ("1GB", "2GB", "4GB"), "Edition": ("Standard", "Overclocked", "Mini")},
        {"Card Manufacturer": ("NVIDIA",), "Memory Type": ("DDR3", "GDDR5"), "Year": ("2013", "2014", "2015")},
    ),
)


def draw_product(rng: random.Random, category: Category, *, other_than: Product | None = None) -> Product:
    """A random product of `category`, of another model than that of `other_than`."""
    names = [(brand, model) for brand, models in category.models.items() for model in models]
    if other_than:
        names.remove((other_than.brand, other_than.model))
    brand, model = rng.choice(names)
    return Product(category, brand, model, {name: rng.choice(values) for name, values in category.options.items()})


def draw_variant(rng: random.Random, product: Product) -> Product:
    """The same model with one or two options changed."""
    options = dict(product.options)
    for name in rng.sample(list(options), k=min(len(options), rng.choice((1, 1, 2)))):
        options[name] = rng.choice([value for value in product.category.options[name] if value != options[name]])
    return Product(product.category, product.brand, product.model, options)
