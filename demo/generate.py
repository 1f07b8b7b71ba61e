#!/usr/bin/env python3
"""Writes the demo catalogue: an invented shop for outdoor gear and bikes, as Magento-format import files, and the shop.

Run it in this folder; it writes the same bytes every time and everywhere. The words are in `vocabulary.py`.
README.md says what is in the files, and which three cells are wrong on purpose.
"""

import csv
import io
import json
import re
import sys
import zlib
from collections import defaultdict
from pathlib import Path

sys.dont_write_bytecode = True

from vocabulary import (  # noqa: E402
    ATTRIBUTES, BIKES, BRANDS, CLOTHES, COLOURS, COLUMNS, DOWNLOADS, GEAR, MODELS, PARTS, SERVICES, SHOES, STORE_VIEWS, TEXTS,
)

CATALOG = Path(__file__).parent / "catalog"
CHANGES = Path(__file__).parent / "delta"
SHOP = Path(__file__).parent / "shop.yaml"
FULL = "20260801-120000"
DELTA = "20260815-060000"
ROOT = "Default Category"

# The line of the second file that carries a wrong quantity; documentation and tests name it.
WRONG_QUANTITY_LINE = 118

# The tyre whose row cannot be read, so nothing else may speak of it.
BROKEN_SKU = "TYR-060"


def pick(choices, *keys):
    """Chooses by the keys alone, so that adding a product changes no other."""
    return choices[number(len(choices), *keys)]


def number(below, *keys):
    return zlib.crc32("/".join(map(str, keys)).encode()) % below


def price(cents):
    return f"{cents // 100}.{cents % 100:02}"


def quoted(text, separators):
    """Quotes a part of a complex cell if it holds a separator or a quote."""
    if any(character in text for character in separators + '"'):
        return '"' + text.replace('"', '""') + '"'
    return text


def category(*levels):
    """A path; a level with a slash and a path with a comma are quoted."""
    path = "/".join([ROOT, *(quoted(level, "/") for level in levels)])
    return quoted(path, ",") if "," in path else path


def categories(*paths):
    return ",".join(category(*path) for path in paths)


# What can be chosen, by attribute, in the order in which rows first say it.
OPTIONS = defaultdict(dict)


def attributes(**values):
    """Pairs of additional attributes; several values of one attribute are a list."""
    pairs = []
    for code, value in values.items():
        parts = value if isinstance(value, list) else [value]
        OPTIONS[code] |= dict.fromkeys(parts)
        pairs.append(f"{code}=" + "|".join(quoted(part, ",|=") for part in parts))
    return ",".join(pairs)


def pairs(**values):
    return ",".join(f"{key}={value}" for key, value in values.items())


def slug(text):
    plain = text.lower().translate(str.maketrans("äöüéèêàçôîñ", "aoueeeacoin")).replace("ß", "ss")
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in plain).split())


def images(sku, name, extra=0):
    """Image columns as the media folder has them: two letters, then the file."""
    stem = slug(sku)
    path = f"/{stem[0]}/{stem[1]}/{stem}"
    row = {role: f"{path}-front.jpg" for role in ("base_image", "small_image", "thumbnail_image")}
    row |= {"base_image_label": f"{name}, front", "base_image_position": "1"}
    if extra:
        row["additional_images"] = ",".join(f"{path}-{side}.jpg" for side in ("back", "detail", "worn")[:extra])
        row["additional_image_labels"] = ",".join(("Back", '"Detail, close up"', "In use")[:extra])
        row["additional_image_positions"] = ",".join(("2", "3", "4")[:extra])
    return row


def stock(sku, below=120):
    quantity = number(below, "stock", sku)
    return {
        "qty": str(quantity), "is_in_stock": "1" if quantity else "0", "manage_stock": "1",
        "use_config_manage_stock": "1", "min_cart_qty": "1", "max_cart_qty": "10000",
        "allow_backorders": "0", "use_config_backorders": "1",
    }


def product(sku, kind, attribute_set, name, cents, **more):
    """The cells that every product has."""
    row = {
        "sku": sku, "attribute_set_code": attribute_set, "product_type": kind, "name": name,
        "product_websites": pick(["base,shop_de,shop_fr", "base,shop_de", "base"], "websites", sku),
        "product_online": "2" if number(60, "online", sku) == 0 else "1",
        "tax_class_name": "Taxable Goods", "visibility": "Catalog, Search",
        "price": price(cents) if cents else "", "url_key": slug(name),
        "created_at": f"{number(12, 'month', sku) + 1}/{number(28, 'day', sku) + 1}/25, 9:{number(50, sku) + 10} AM",
        "updated_at": "7/31/26, 6:00 PM", "weight": "",
    }
    return row | more


def special(sku, cents):
    """Every ninth product is on offer, half of the offers until a date."""
    if number(9, "special", sku):
        return {}
    row = {"special_price": price(cents * 85 // 100), "special_price_from_date": "2026-08-01 00:00:00"}
    if number(2, "until", sku):
        row["special_price_to_date"] = "8/31/26, 11:59 PM"
    return row


def store_views(row, kind, model):
    """The row's translations, which carry nothing but what the store view shows."""
    for code, language in STORE_VIEWS.items():
        texts = TEXTS[language]
        name = f"{texts['names'].get(kind, kind)} {model}"
        yield {
            "sku": row["sku"], "store_view_code": code, "attribute_set_code": row["attribute_set_code"], "name": name,
            "description": texts["description"].format(name=name), "short_description": texts["short"].format(name=name),
            "url_key": f"{slug(name)}-{slug(row['sku'])}", "meta_title": f"{name} – {texts['shop']}",
            "base_image_label": f"{name}, {texts['front']}",
        }


def english(row, kind, model, **more):
    texts = TEXTS["en"]
    name = f"{model} {kind}"
    return row | {
        "description": texts["description"].format(name=name), "short_description": texts["short"].format(name=name),
        "meta_title": f"{name} – {texts['shop']}", "meta_keywords": f"{kind}, {model}, outdoor",
        "meta_description": f"{name}: made to last, easy to mend.",
    } | more


def configurable(line, index):
    """The variations of a product, then the product itself and its translations."""
    brand, model = BRANDS[line["brand"]], pick(MODELS, line["code"], index)
    kind, base_sku = line["kind"], f"{line['code']}-{index:03}"
    cents = line["cents"] + 500 * number(line["spread"], "price", base_sku)
    colours = [COLOURS[(number(len(COLOURS), base_sku) + step) % len(COLOURS)] for step in range(line["colours"])]
    common = attributes(brand=brand, material=line["material"], season=pick(["Summer", "Winter", "All Year"], base_sku))
    children, variations = [], []
    for colour, short in colours:
        for size in line["sizes"]:
            sku = f"{base_sku}-{short}-{slug(size).upper()}"
            options = {"color": colour, line["size_code"]: size}
            variations.append(pairs(sku=sku, **{code: quoted(value, ",|") for code, value in options.items()}))
            row = product(
                sku, "simple", line["set"], f"{model} {kind} {colour} {size}", cents,
                weight=price(line["grams"] // 10), categories=categories(*line["categories"]),
                additional_attributes=f"{common},{attributes(**options)}",
                visibility="Not Visible Individually",
            )
            row["url_key"] = slug(f"{row['name']} {base_sku}")
            children.append(row | stock(sku) | special(base_sku, cents) | images(f"{base_sku}-{short}", row["name"]))
    parent = product(
        base_sku, "configurable", line["set"], f"{model} {kind}", 0, categories=categories(*line["categories"]),
        additional_attributes=common, configurable_variations="|".join(variations),
        configurable_variation_labels=pairs(color="Colour", **{line["size_code"]: line["size_label"]}),
        configurable_variations_position=pairs(color=1, **{line["size_code"]: 2}),
        url_key=f"{slug(model)}-{slug(kind)}-{slug(base_sku)}", is_in_stock="1",
    )
    parent |= images(base_sku, f"{model} {kind}", extra=3)
    parent = english(parent, kind, model) | {"is_in_stock": "1"}
    return children, [parent, *store_views(parent, kind, model)]


def simple(line, index):
    """A product on its own, with translations for every second one."""
    model, kind, sku = pick(MODELS, line["code"], index), line["kind"], f"{line['code']}-{index:03}"
    size = line["variants"][index % len(line["variants"])]
    cents = line["cents"] + 100 * number(line["spread"], "price", sku)
    name = f"{model} {kind} {size}".strip()
    row = product(
        sku, "simple", line["set"], name, cents, weight=price(line["grams"] // 10),
        categories=categories(*line["categories"]), url_key=f"{slug(name)}-{slug(sku)}",
        additional_attributes=attributes(brand=BRANDS[line["brand"]], material=line["material"], dimension=size or "one size"),
    )
    row |= stock(sku, 400) | special(sku, cents) | images(sku, name, extra=index % 3)
    if line.get("tiers"):
        row["tier_prices"] = "|".join(
            pairs(qty=quantity, price=price(cents * (100 - percent) // 100), value_type="fixed",
                  website="All Websites", customer_group=group)
            for quantity, percent, group in ((5, 5, "ALL GROUPS"), (20, 12, "Wholesale")))
    if number(3, "sources", sku) == 0:
        quantity = int(row["qty"])
        row["inventory_source_items"] = (
            pairs(source_code="north", quantity=f"{quantity // 2}.0", status=1) + "|"
            + pairs(source_code="south", quantity=f"{quantity - quantity // 2}.0", status=1))
    row = english(row, kind, model) | {"name": name, "warehouse_note": f"Shelf {number(90, 'shelf', sku) + 1}"}
    return [row, *(store_views(row, kind, model) if index % 2 else [])]


def link(rows):
    """Points every fourth visible product to others of its kind, dearer ones and cheap parts."""
    visible = [row for row in rows if row.get("visibility") == "Catalog, Search" and row["sku"] != BROKEN_SKU]
    by_set = {}
    for row in visible:
        by_set.setdefault(row["attribute_set_code"], []).append(row["sku"])
    parts = by_set["Part"]
    for place, row in enumerate(visible[::4]):
        siblings = by_set[row["attribute_set_code"]]
        others = [sku for sku in (pick(siblings, "related", place, n) for n in range(3)) if sku != row["sku"]]
        others = list(dict.fromkeys(others))
        row["related_skus"] = ",".join(others)
        row["related_position"] = ",".join(str(len(others) - n) for n in range(len(others)))
        row["crosssell_skus"] = ",".join(dict.fromkeys(pick(parts, "crosssell", place, n) for n in range(2)))
        if place % 3 == 0:
            row["upsell_skus"] = pick(siblings, "upsell", place)


def virtual_and_downloadable():
    for index, (name, cents) in enumerate(SERVICES):
        row = product(f"SRV-{index + 1:03}", "virtual", "Default", name, cents, categories=categories(["Services"]))
        yield english(row, name, "Workshop", is_in_stock="1", manage_stock="0", use_config_manage_stock="0", name=name)
    for index, (region, kilometres) in enumerate(DOWNLOADS):
        name = f"Tour Map {region}, {kilometres} km"
        file = f"/tours/{slug(region)}.gpx"
        row = product(
            f"MAP-{index + 1:03}", "downloadable", "Default", name, 490 + 100 * (index % 4),
            categories=categories(["Services", "Tour Maps"]),
            additional_attributes=attributes(region=region, difficulty=pick(["Easy", "Medium", "Hard"], region)),
            downloadable_links=pairs(group_title="Track", title="GPX track", price="0", downloads="unlimited",
                                     shareable=0, sortorder=1, file=file)
            + "|" + pairs(group_title="Track", title="Printable map", price="1.50", downloads=5, shareable=0,
                          sortorder=2, file=file.replace(".gpx", ".pdf")),
            downloadable_samples=pairs(group_title="Preview", title="First page", sortorder=1,
                                       file=file.replace(".gpx", "-preview.pdf")),
        )
        yield english(row, "Tour Map", region, is_in_stock="1", name=name)


def bundles_and_groups(skus):
    """Sets of products that the customer puts together (bundle) or sees together (grouped)."""
    for index in range(12):
        choices = [("Lock", "radio", skus["LCK"]), ("Lamp", "select", skus["LMP"]), ("Helmet", "radio", skus["HLM"])]
        values = [
            pairs(name=option, type=input_type, required=1, sku=pick(pool, "bundle", index, option, n), price="0.0000",
                  default=1 - n, default_qty="1.0000", price_type="fixed", can_change_qty=0, position=place + 1)
            for place, (option, input_type, pool) in enumerate(choices) for n in range(2)]
        row = product(
            f"SET-{index + 1:03}", "bundle", "Default", f"Commuter Set {index + 1}", 0,
            categories=categories(["Bikes", "Parts/Accessories", "Sets"]), bundle_values="|".join(values),
            bundle_price_type="dynamic", bundle_sku_type="dynamic", bundle_weight_type="dynamic",
            bundle_price_view="As low as", bundle_shipment_type="together",
            bundle_values_position=pairs(Lock=1, Lamp=2, Helmet=3), is_in_stock="1",
        )
        yield [english(row, "Commuter Set", str(index + 1), name=row["name"]), *store_views(row, "Commuter Set", str(index + 1))]
    for index in range(12):
        parts = list(dict.fromkeys(pick(skus["TLS"] + skus["TUB"], "group", index, n) for n in range(4)))
        row = product(
            f"GRP-{index + 1:03}", "grouped", "Default", f"Workshop Starter {index + 1}", 0,
            categories=categories(["Bikes", "Parts/Accessories", "Tools"]),
            associated_skus=",".join(f"{sku}={n + 1}.0000" for n, sku in enumerate(parts)),
            associated_position=",".join(str(n + 1) for n in range(len(parts))), is_in_stock="1",
        )
        yield [english(row, "Workshop Starter", str(index + 1), name=row["name"])]


def full_catalogue():
    """The rows of the four files: variations, more variations, single products, then what is made of them."""
    children, parents, singles, skus = [], [], [], {}
    for line in CLOTHES + SHOES + BIKES:
        for index in range(1, line["count"] + 1):
            variations, rows = configurable(line, index)
            children += variations
            parents += rows
    for line in GEAR + PARTS:
        for index in range(1, line["count"] + 1):
            rows = simple(line, index)
            skus.setdefault(line["code"], []).append(rows[0]["sku"])
            singles += rows
    singles += virtual_and_downloadable()
    sets = [row for rows in bundles_and_groups(skus) for row in rows]
    link(singles + parents)
    half = len(children) // 2
    return [children[:half], children[half:], singles, parents + sets]


def delta(files):
    """A morning's changes: prices, deliveries, an offer that ends, a new product; some rows change nothing."""
    singles = [row for row in files[2] if row.get("product_type") == "simple" and row["sku"] != BROKEN_SKU]
    for place, row in enumerate(singles[::8]):
        change = {"sku": row["sku"]}
        if place % 4 == 0:
            change["price"] = price(round(float(row["price"]) * 110))
        elif place % 4 == 1:
            change |= {"qty": str(5 + place), "qty_relative": "1"}
        elif place % 4 == 2:
            change |= {column: "__EMPTY__VALUE__" for column in ("special_price", "special_price_from_date")}
        else:
            change["name"] = row["name"]
        yield change
    yield {"sku": BROKEN_SKU, "name": "INCH MARK, NOT DOUBLED"}
    first = singles[0]
    copied = ("attribute_set_code", "product_type", "categories", "product_websites", "price", "visibility", "product_online")
    yield {"sku": "TNT-900", "name": "Gale Tent 3 Persons", "qty": "12"} | {column: first[column] for column in copied}


def shop(rows):
    """Tells of the shop, as `systole shop import` takes it."""
    sets = defaultdict(dict)
    for row in rows:
        for code in re.findall(r"(?:^|,)([a-z_]+)=", row.get("additional_attributes", "")):
            if row.get("attribute_set_code"):
                sets[code][row["attribute_set_code"]] = None
    codes = sorted({website for row in rows for website in row.get("product_websites", "").split(",") if website})
    sources = sorted({code for row in rows for code in re.findall(r"source_code=(\w+)", row.get("inventory_source_items", ""))})
    names = sorted({row["attribute_set_code"] for row in rows if row.get("attribute_set_code")} - {"Default"})
    yield "# The shop of the demo, written by generate.py. docs/SHOP.md says what can stand here."
    yield "websites:"
    for code in codes:
        yield f"  - code: {code}\n    root_category: {ROOT}"
    yield "store_views:\n  - code: default\n    website: base"
    for code, language in STORE_VIEWS.items():
        yield f"  - code: {code}\n    website: shop_{language}"
    yield "sources:\n  - code: default"
    for code in sources:
        yield f"  - code: {code}"
    yield "stocks:\n  - name: Default Stock\n    sources: [default]"
    yield f"  - name: Warehouses\n    sources: [{', '.join(sources)}]"
    yield "currency: EUR\nattribute_sets:"
    for name in names:
        yield f"  - name: {name}\n    based_on: Default"
    yield "attributes:"
    for code, (kind, scope) in ATTRIBUTES.items():
        yield f"  - code: {code}\n    input: {kind}\n    scope: {scope}\n    is_user_defined: true\n    sets:"
        for name in sorted(sets[code]):
            yield f"      - set: {name}"
        if kind != "text":
            yield "    options:"
            for label in OPTIONS[code]:
                yield f"      - label: {json.dumps(str(label), ensure_ascii=False)}"


def write(path, columns, rows):
    """Writes a file and returns on which line each row starts."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    starts = []
    for row in rows:
        starts.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    path.write_bytes(text.getvalue().encode())
    return starts


def spoil(files):
    """Puts two wrong values in, see README.md; the row that is broken as a whole is one of the changes."""
    # Variations have no line breaks in their cells, so the row on a line is known beforehand.
    files[1][WRONG_QUANTITY_LINE - 2]["qty"] = "1,5"
    bike = next(row for row in files[3] if row["sku"] == "CTY-003")
    bike["new_to_date"] = "31.12.2026"


def main():
    CATALOG.mkdir(exist_ok=True)
    CHANGES.mkdir(exist_ok=True)
    files = full_catalogue()
    changes = list(delta(files))
    SHOP.write_bytes("".join(f"{line}\n" for line in shop([row for rows in files for row in rows])).encode())
    spoil(files)
    names = [f"product-import_{FULL}_{counter:02}.csv" for counter in range(1, 5)]
    for name, rows in zip(names, files):
        write(CATALOG / name, COLUMNS, rows)
    (CATALOG / f"product-import_{FULL}.ok").write_bytes("\n".join(names).encode())
    delta_columns = [column for column in COLUMNS if any(column in change for change in changes)]
    morning = CHANGES / f"product-import_{DELTA}_01.csv"
    write(morning, delta_columns, changes)
    spoilt = morning.read_text().replace('"INCH MARK, NOT DOUBLED"', '"Meadow Tyre 29" x 2.4, folding"')
    morning.write_bytes(spoilt.encode())
    (CHANGES / f"product-import_{DELTA}_01.ok").write_bytes(b"")


if __name__ == "__main__":
    main()
