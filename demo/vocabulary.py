"""The words and numbers of the demo shop. All brands, models and places are invented."""

# Of each attribute how it is entered, and where it may differ.
ATTRIBUTES = {
    "brand": ("select", "global"), "material": ("multiselect", "global"), "season": ("select", "global"),
    "color": ("select", "global"), "size": ("select", "global"), "shoe_size": ("select", "global"),
    "frame_size": ("select", "global"), "dimension": ("text", "store_view"), "region": ("text", "store_view"),
    "difficulty": ("select", "global"),
}

COLUMNS = """
sku store_view_code attribute_set_code product_type categories product_websites name description short_description
weight product_online tax_class_name visibility price special_price special_price_from_date special_price_to_date
url_key meta_title meta_keywords meta_description base_image base_image_label base_image_position small_image
thumbnail_image additional_images additional_image_labels additional_image_positions created_at updated_at
new_from_date new_to_date additional_attributes qty qty_relative is_in_stock manage_stock use_config_manage_stock
min_cart_qty max_cart_qty allow_backorders use_config_backorders inventory_source_items tier_prices related_skus
related_position crosssell_skus upsell_skus associated_skus associated_position configurable_variations
configurable_variation_labels configurable_variations_position bundle_price_type bundle_sku_type bundle_weight_type
bundle_price_view bundle_shipment_type bundle_values bundle_values_position downloadable_links downloadable_samples
warehouse_note
""".split()

STORE_VIEWS = {"de_DE": "de", "fr_FR": "fr"}

BRANDS = {
    "bikes": "Velmora", "tents": "Nordhag", "clothes": "Tarnfels", "shoes": "Brookquill", "locks": "Wendelock",
    "lamps": "Pfadlicht", "parts": "Kettenglück & Söhne",
}

MODELS = """
Amber Birch Cirrus Dawn Ember Fjord Gale Heath Islet Juniper Kelp Larch Moor Nimbus Orchard Pebble Quartz Rowan
Sedge Thistle Umber Vale Willow Yarrow Zephyr Alder Bracken Clover Drift Escarp Fern Glacier Hollow Iris Jetty Knoll
Lichen Meadow Northing Outcrop Pine Reed Sorrel Tarn Upland Vista Wander Arête Dämmer Höhe
""".split()

COLOURS = [
    ("Moss Green", "GRN"), ("Slate Grey", "GRY"), ("Ember Red", "RED"), ("Night Blue", "BLU"), ("Sand", "SND"),
    ("Rust, washed", "RST"),
]

TEXTS = {
    "en": {
        "shop": "Talwind Outfitters", "front": "front",
        "short": "{name}: light, repairable, \"built for the long way round\".",
        "description": "<p>The {name} goes where the road ends.</p>\n<ul>\n  <li>Tested on the \"Long Ridge\", 1,200 km"
                       " in one summer</li>\n  <li>Spare parts for ten years, at cost</li>\n</ul>",
    },
    "de": {
        "shop": "Talwind Ausrüster", "front": "von vorn",
        "short": "{name}: leicht, reparierbar, „für den längeren Weg gebaut“.",
        "description": "<p>{name}: für alles, was hinter der Straße liegt – größer, schöner, weiter.</p>\n<ul>\n"
                       "  <li>Geprüft auf dem \"Langen Grat\": 1.200 km in einem Sommer</li>\n"
                       "  <li>Ersatzteile für zehn Jahre, zum Selbstkostenpreis</li>\n</ul>",
        "names": {
            "Rain Jacket": "Regenjacke", "Softshell Jacket": "Softshelljacke", "Trousers": "Tourenhose",
            "Jersey": "Trikot", "Gloves": "Handschuhe", "Hiking Boot": "Wanderstiefel", "Trail Shoe": "Geländeschuh",
            "City Bike": "Stadtrad", "Touring Bike": "Reiserad", "Mountain Bike": "Geländerad", "Tent": "Zelt",
            "Sleeping Bag": "Schlafsack", "Backpack": "Rucksack", "Lamp": "Lampe", "Lock": "Schloss", "Helmet": "Helm",
            "Tyre": "Reifen", "Tube": "Schlauch", "Multi Tool": "Werkzeug", "Bar": "Riegel", "Commuter Set": "Pendler-Set",
        },
    },
    "fr": {
        "shop": "Talwind Équipement", "front": "de face",
        "short": "{name} : légèreté, « prêt pour le grand détour ».",
        "description": "<p>{name} : là où la route s'arrête, l'été comme l'hiver.</p>\n<ul>\n"
                       "  <li>Éprouvé sur la \"Longue Crête\", 1 200 km en un été</li>\n"
                       "  <li>Pièces détachées pendant dix ans, à prix coûtant</li>\n</ul>",
        "names": {
            "Rain Jacket": "Veste de pluie", "Softshell Jacket": "Veste souple", "Trousers": "Pantalon",
            "Jersey": "Maillot", "Gloves": "Gants", "Hiking Boot": "Chaussure de randonnée",
            "Trail Shoe": "Chaussure de sentier", "City Bike": "Vélo de ville", "Touring Bike": "Vélo de randonnée",
            "Mountain Bike": "Vélo tout-terrain", "Tent": "Tente", "Sleeping Bag": "Sac de couchage",
            "Backpack": "Sac à dos", "Lamp": "Lampe", "Lock": "Antivol", "Helmet": "Casque", "Tyre": "Pneu",
            "Tube": "Chambre à air", "Multi Tool": "Outil", "Bar": "Barre", "Commuter Set": "Ensemble de ville",
        },
    },
}

LETTERS = ["XS", "S", "M", "L", "XL"]


def worn(code, kind, count, cents, grams, material, *categories):
    """A line of clothes: letters as sizes, three colours."""
    return {
        "code": code, "kind": kind, "count": count, "cents": cents, "spread": 20, "grams": grams, "set": "Clothing",
        "brand": "clothes", "material": material, "sizes": LETTERS, "size_code": "size", "size_label": "Size",
        "colours": 3, "categories": categories,
    }


CLOTHES = [
    worn("JKT", "Rain Jacket", 15, 12900, 420, ["Nylon", "Polyester"],
         ["Outdoor", "Clothing", "Jackets"], ["Outdoor", "Clothing, New"]),
    worn("SFT", "Softshell Jacket", 9, 9900, 510, ["Polyester", "Elastane"], ["Outdoor", "Clothing", "Jackets"]),
    worn("TRS", "Trousers", 12, 7900, 460, ["Cotton", "Nylon"], ["Outdoor", "Clothing", "Trousers"]),
    worn("JRS", "Jersey", 12, 5900, 180, "Merino Wool", ["Bikes", "Clothing", "Jerseys"]),
    worn("GLV", "Gloves", 7, 2900, 90, ["Leather", "Merino Wool"], ["Bikes", "Clothing", "Gloves"]),
]

SHOES = [
    {
        "code": code, "kind": kind, "count": count, "cents": cents, "spread": 16, "grams": 980, "set": "Shoes",
        "brand": "shoes", "material": ["Leather", "Rubber"], "sizes": [str(size) for size in range(38, 46)],
        "size_code": "shoe_size", "size_label": "Size (EU)", "colours": 2, "categories": [["Outdoor", "Shoes", kind + "s"]],
    }
    for code, kind, count, cents in (("BOT", "Hiking Boot", 10, 15900), ("TRL", "Trail Shoe", 9, 10900))
]

BIKES = [
    {
        "code": code, "kind": kind, "count": count, "cents": cents, "spread": 120, "grams": 14500, "set": "Bike",
        "brand": "bikes", "material": ["Steel", "Aluminium"], "sizes": ["S / 48 cm", "M / 52 cm", "L / 56 cm", "XL / 60 cm"],
        "size_code": "frame_size", "size_label": "Frame", "colours": 2, "categories": [["Bikes", kind + "s"]],
    }
    for code, kind, count, cents in (
        ("CTY", "City Bike", 6, 64900), ("TOU", "Touring Bike", 7, 129900), ("MTB", "Mountain Bike", 6, 99900))
]


def carried(code, kind, count, cents, grams, brand, material, variants, *categories):
    """A line of single products."""
    return {
        "code": code, "kind": kind, "count": count, "cents": cents, "spread": 90, "grams": grams, "set": "Gear",
        "brand": brand, "material": material, "variants": variants, "categories": categories,
    }


GEAR = [
    carried("TNT", "Tent", 40, 19900, 2400, "tents", ["Nylon", "Aluminium"], ["1 Person", "2 Persons", "4 Persons"],
            ["Outdoor", "Camping", "Tents, Tarps"], ["Outdoor", "Camping"]),
    carried("SLB", "Sleeping Bag", 36, 8900, 1100, "tents", ["Down", "Polyester"], ["+10 °C", "0 °C", "−10 °C"],
            ["Outdoor", "Camping", "Sleeping Bags"]),
    carried("BPK", "Backpack", 44, 6900, 1300, "tents", "Nylon", ["18 l", "32 l", "55 l"], ["Outdoor", "Camping", "Backpacks"]),
    carried("LMP", "Lamp", 36, 1900, 120, "lamps", "Aluminium", ["40 lx", "80 lx"], ["Bikes", "Parts/Accessories", "Lamps"]),
    carried("LCK", "Lock", 24, 2900, 900, "locks", "Steel", ["Level 2", "Level 5"], ["Bikes", "Parts/Accessories", "Locks"]),
    carried("HLM", "Helmet", 24, 4900, 310, "bikes", "Plastic", ["S/M", "L/XL"], ["Bikes", "Parts/Accessories", "Helmets"]),
]

PARTS = [
    line | {"set": "Part", "tiers": True} for line in (
        carried("TYR", "Tyre", 60, 2400, 650, "parts", "Rubber", ['27.5" x 2.25', '28" x 1.75', '29" x 2.4'],
                ["Bikes", "Parts/Accessories", "Tyres"]),
        carried("TUB", "Tube", 40, 590, 140, "parts", "Rubber", ['27.5"', '28"', '29"'], ["Bikes", "Parts/Accessories", "Tyres"]),
        carried("TLS", "Multi Tool", 50, 1490, 210, "parts", "Steel", ["8 in 1", "16 in 1"],
                ["Bikes", "Parts/Accessories", "Tools"]),
        carried("NRG", "Bar", 36, 190, 60, "tents", "Oats", ["Fig, Walnut", "Cocoa", "Apple"], ["Outdoor", "Food"]),
    )
]

SERVICES = [
    ("Bike Inspection, small", 4900), ("Bike Inspection, large", 9900), ("Wheel Truing", 2500), ("Brake Bleeding", 3500),
    ("Tent Seam Sealing", 3900), ("Down Wash & Refill", 5900), ("Jacket Re-proofing", 1900), ("Zip Repair", 1500),
    ("Gift Wrapping", 450), ("Theft Cover, 1 Year", 8900), ("Theft Cover, 2 Years", 15900), ("Fitting Appointment", 7900),
]

DOWNLOADS = [
    (f"{area} {part}", 18 + 7 * (3 * place + step))
    for place, area in enumerate(("Hochwalden", "Lac des Brumes", "Nørrehede", "Silverbourne", "Kaltenfurt", "Valmontel",
                                  "Zwölfmoor", "Brentholm"))
    for step, part in enumerate(("North", "South", "Round Trip"))
]
