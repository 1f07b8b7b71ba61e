"""A step in Python: looks up VAT rates, two countries per invocation.

A function like any other of AWS Lambda, with nothing but the standard library. `docs/EXECUTORS.md` describes what it gets
and what it may answer. It changes nothing, so it needs no care to be repeatable; one that does change something must
recognise a repetition by `event["idempotency_key"]`.
"""

RATES = {"at": 20, "de": 19, "dk": 25, "fr": 20, "it": 22, "nl": 21}

# So few that it has to continue; a real one would look at `event["deadline"]`.
COUNTRIES_PER_INVOCATION = 2


def handler(event, context):
    step = event["step"]
    countries = [country for country in step["arguments"].get("countries", "").split(",") if country]
    if not countries:
        return {"outcome": "skipped", "message": "no countries were given"}

    # Where an earlier invocation of this step left off.
    found = step["checkpoint"] or {}
    log = []
    for country in [country for country in countries if country not in found][:COUNTRIES_PER_INVOCATION]:
        found[country] = RATES.get(country, 0)
        log.append(f"{country}: {found[country]}")
    if len(found) < len(countries):
        return {"outcome": "continue", "checkpoint": found, "log": log}

    unknown = [country for country in countries if country not in RATES]
    if unknown:
        message = f"no rate is known for {', '.join(unknown)}"
        return {"outcome": "invalid_data", "message": message, "output": found, "log": log}
    return {"outcome": "done", "output": found, "log": log}
