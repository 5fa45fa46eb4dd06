"""The JSON Schema of a policy: the same file that editors use."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from jsonschema import Draft202012Validator, TypeChecker
from jsonschema.validators import extend

SCHEMA_NAME: Final = "policy.schema.json"


@cache
def load_schema() -> Mapping[str, object]:
    """Return the schema: from the installed package, or from the checkout that the package is run from."""
    packaged = files("guardian_ci").joinpath("schemas", SCHEMA_NAME)
    if packaged.is_file():
        text = packaged.read_text(encoding="utf-8")
    else:
        text = (Path(__file__).parents[2] / "schemas" / SCHEMA_NAME).read_text(encoding="utf-8")
    schema = json.loads(text)
    if not isinstance(schema, dict):
        raise TypeError(f"{SCHEMA_NAME} is no JSON object")
    return schema


@cache
def validator() -> Draft202012Validator:
    """Return the checker of policies; to it, a decimal without a fraction is an integer, as JSON Schema has it."""
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    checker: Draft202012Validator = extend(Draft202012Validator, type_checker=types)(load_schema())  # type: ignore[no-untyped-call]
    return checker


def _is_integer(_: TypeChecker, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)
