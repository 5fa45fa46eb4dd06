"""How an entry of ``policies`` and the top level become one: mappings key by key, all else replaced."""

from guardian_ci.policy.document import Value


def merged(top: dict[str, Value], entry: dict[str, Value]) -> dict[str, Value]:
    """Return the keys of an entry with the top level's where it says nothing."""
    return _merge({key: value for key, value in top.items() if key != "policies"}, entry)


def _merge(below: dict[str, Value], above: dict[str, Value]) -> dict[str, Value]:
    result = dict(below)
    for key, value in above.items():
        base = result.get(key)
        result[key] = _merge(base, value) if isinstance(base, dict) and isinstance(value, dict) else value
    return result
