"""Verify an auditor's bundle. It needs Python 3.11 and nothing else, and least of all mainstem.

    python -I verify.py [FOLDER] [KEY ...]

FOLDER is the bundle, else where this file lies. Each KEY is the id of a public key that you have
from somebody you trust; without any, those in the bundle are believed. Exit code 1: something does
not fit.
"""

import datetime
import hashlib
import json
import pathlib
import sys

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
KINDS = "received held_before stored rejected dropped sampled aggregated duplicate held_after"
AFTER = "loaded quarantined duplicate_at_load dropped_at_load not_travelling expired pending"
AFTER += " forwarded not_taken"


def add(a, b):  # Ed25519 in extended coordinates, https://www.rfc-editor.org/rfc/rfc8032
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, a):
    total = (0, 1, 1, 0)
    while number:
        total, a, number = add(total, a) if number & 1 else total, add(a, a), number >> 1
    return total


def point(data):
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    if y >= P or x * x % P != square:
        raise ValueError("this is no point of the curve")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


def signed_by(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    a = times(s, point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))
    b = add(point(signature[:32]), times(k, point(public)))
    return s < Q and all((a[i] * b[2] - b[i] * a[2]) % P == 0 for i in (0, 1))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def head_of(data, keys, trusted):
    statement, _, rest = data.partition(b"\n")
    said, signed = json.loads(statement), json.loads(rest)
    key = keys.get(signed["key"], {"public_key": "", "until": None})
    public, until = bytes.fromhex(key["public_key"]), key["until"] or "9999-01-01T00:00:00+00:00"
    if sha256(public)[:16] != signed["key"] or signed["key"] not in (trusted or keys):
        raise ValueError("signed by an unknown key")
    if not signed_by(public, statement, bytes.fromhex(signed["signature"])):
        raise ValueError("the signature does not fit")
    if int(said["at_unix_nano"]) / 1e9 > datetime.datetime.fromisoformat(until).timestamp():
        raise ValueError("signed by a key after its end")
    return said["instance"], said["seq"], said["sha256"]


def check(folder, trusted, wrong):
    facts = json.loads((folder / "region.json").read_bytes())
    keys, cleared = {key["id"]: key for key in facts["public_keys"]}, facts["cleared"]
    entries, signed, sums, blobs = {}, {}, {}, {blob["name"]: blob for blob in facts["blobs"]}
    for path in sorted((folder / "ledger").rglob("*.json")):
        try:
            entry = json.loads(path.read_bytes()) | {"path": path, "own": sha256(path.read_bytes())}
            entries[entry["instance"], entry["seq"]] = entry
        except (ValueError, KeyError, TypeError):
            wrong(path, "this is no entry")
    said = []
    for path in sorted(folder.rglob("*.head")):
        try:
            said.append((path, *head_of(path.read_bytes(), keys, trusted)))
            signed.setdefault(said[-1][1], set()).add(said[-1][2])
        except (ValueError, KeyError, TypeError) as error:
            wrong(path, f"this is no good head: {error}")
    for path in sorted((folder / "witness").glob("*.json")):  # written without a key
        heads = json.loads(path.read_bytes())["heads"]
        said += [(path, head["instance"], head["seq"], head["sha256"]) for head in heads]
    for path, instance, seq, own in said:
        if entries.get((instance, seq), {"own": own})["own"] != own:
            wrong(path, "its entry was rewritten")
        elif (instance, seq) not in entries and seq > cleared.get(instance, -1):
            wrong(path, "its entry is gone: the chain was cut, or its instance dropped")
    for (instance, seq), entry in sorted(entries.items()):
        path, blob, heads = entry["path"], entry.get("blob"), signed.get(instance, ())
        before = entries.get((instance, seq - 1), {"own": "0" * 64 if seq == 0 else None})["own"]
        if before is None and seq > cleared.get(instance, -1) + 1:
            wrong(path, "the entry before it is gone")
        elif before not in (None, entry["previous"]):
            wrong(path, "it does not follow from the entry before it: one was rewritten")
        due = entry["kind"] in ("genesis", "hour_closed") and heads and seq not in heads
        if due and min(heads) < seq < max(heads):
            wrong(path, "it has no good head")
        if entry["kind"] != "segment":
            continue
        total = sums.setdefault((entry["signal"], entry["hour"]), dict.fromkeys(KINDS.split(), 0))
        total.update({name: total[name] + entry["counts"][name] for name in total})
        lines, late = path.with_suffix(".lines"), int(entry["at_unix_nano"]) > facts["lines_since"]
        own = sha256(lines.read_bytes()) if lines.exists() else entry["lines_sha256"]
        if own != entry["lines_sha256"] or (own and late and not lines.exists()):
            wrong(lines, "these are not the lines that the entry commits to")
        kept = blobs.pop(blob["name"], {"state": "missing"}) if blob else {"state": "none"}
        payload = folder / "blobs" / kept.get("container", "") / (blob or {"name": ""})["name"]
        own = sha256(payload.read_bytes()) if payload.is_file() else kept.get("sha256")
        if kept["state"] == "missing":
            wrong(blob["name"], "the blob is gone")
        elif kept["state"] == "present" and {own, kept["sha256"]} != {blob["sha256"]}:
            short = kept["bytes"] < blob["bytes"]
            wrong(blob["name"], "the blob is truncated" if short else "the blob is altered")
    for name in (name for name, blob in blobs.items() if blob["state"] == "added"):
        wrong(name, "no entry commits to the blob")
    for line in facts["counts"]:
        counts, place = line["counts"], (line["signal"], line["hour"])
        if sums.pop(place, dict.fromkeys(counts, 0)) != counts:
            wrong(" ".join(place), "the books' counts are not the sum of the entries'")
        if counts["received"] + counts["held_before"] != sum(map(counts.get, KINDS.split()[2:])):
            wrong(" ".join(place), "received and what became of it differ")
        if counts["stored"] + line["foreign"] != sum(map(line.get, AFTER.split())):
            wrong(" ".join(place), "stored and what became of it differ")
    for place in sums.keys() - {tuple(place) for place in facts["in_part"]}:
        wrong(" ".join(place), "the books have no line for these entries")
    heads = sum(map(len, signed.values()))
    print(f"{folder.name}: {len(entries)} entries, {heads} heads, {len(facts['blobs'])} blobs")


if __name__ == "__main__":
    given, found = sys.argv[1:], []
    here = given.pop(0) if given and pathlib.Path(given[0]).is_dir() else __file__
    bundle = pathlib.Path(here).resolve()
    bundle = bundle if bundle.is_dir() else bundle.parent
    for region in json.loads((bundle / "bundle.json").read_bytes())["regions"]:
        check(bundle / region, set(given), lambda *what: found.append(what))
    for place, what in found:
        print(f"WRONG {place}: {what}")
    print(f"{len(found)} findings" if found else "consistent")
    sys.exit(bool(found))
