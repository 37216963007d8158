#!/usr/bin/env python3
"""Writes the golden files with an independent implementation: Apache Avro for Python (Debian's python3-avro 1.11.1), and JSON by docs/wire.md.

    make-golden.py [FOLDER]

Of each NAME.avsc beside itself it writes, into FOLDER (without it, beside itself):
  NAME.hex            Avro bodies of the states below, a line each
  NAME.jsonl          the same states in the JSON form, a line each
  NAME.fingerprints   Rabin and SHA-256 of the canonical form, our fingerprint of the schema, and of each state's content
  NAME.canonical      the schema's canonical form

The states are those of GoldenStates.cs, in its order, said a second time. Run it when a sample or its schema changes; Statecast.Codecs.Tests runs it too,
and compares. Maps and sets are written in the order given here: maps by the UTF-8 bytes of their keys, sets as docs/wire.md says.
"""
import base64, datetime, decimal, hashlib, io, json, pathlib, struct, sys, uuid, warnings
import avro.io, avro.schema

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
D = decimal.Decimal
decimal.getcontext().prec = 60
utc = datetime.timezone.utc


def line(sku, price, quantity=1, name=None):
    return {"sku": sku, "price": D(price), "quantity": quantity, "class": name}


class Case(dict):
    """A record of a union, with its name: the library tells branches apart by their fields alone, which cases may share."""
    def __init__(self, name, **fields):
        super().__init__(fields)
        self.name = name


by_fields = avro.schema.RecordSchema.validate
avro.schema.RecordSchema.validate = lambda self, datum: (
    by_fields(self, datum) if getattr(datum, "name", self.name) == self.name else None
)

FULL = {
    "id": "00112233-4455-6677-8899-aabbccddeeff",
    "flag": True, "sByte": -128, "byte": 255, "int16": -32768, "uInt16": 65535, "int32": -(2**31), "uInt32": 2**32 - 1,
    "int64": 2**63 - 1, "uInt64": D(2**64 - 1), "single": 1.5, "double": -0.1,
    "text": "zwölf 😀 \0 \"quoted\" \\ / twenty-one bytes and more",
    "amount": D("-12.3456"), "wide": D("123456789012345678.0123456789"),
    "at": datetime.datetime(2024, 2, 29, 11, 14, 15, 123456, utc),
    "utc": datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, utc),
    "day": datetime.date(1969, 12, 31),
    "time": datetime.time(13, 14, 15, 123450), "duration": -((26 * 3600 + 3 * 60 + 4) * 1000000 + 5678),
    "bytes": bytes([0, 1, 254, 255]), "color": "Blue", "point": {"x": 1.0, "y": -2.5},
    "line": line("a-1", "2.50", 3, "first"), "owner": -7,
    "array": [line("x", "1.00"), line("y", "-0.01", -1)], "list": ["a", "", "ü"],
    "map": {"a": 2, "b": 1, "\uFFFD": 4, "😀": 3},
    "sortedMap": {"k": line("z", "9.99")}, "matrix": [[1, None, -1], [], [64]],
    "maybeInt": 0, "maybeText": "", "maybeLine": line("m", "0.00"), "maybePoint": {"x": 0.0, "y": 0.0}, "maybeColor": "Green",
    "maybeOwner": 1, "maybeTime": datetime.time(0), "maybeDuration": 0, "maybeArray": [], "maybeMap": {"n": None, "v": "w"},
    "prices": [D("1.00"), None, D("-1234567.89")],
    "payment": Case("card", total=D("12.50"), reference="r", last4="1234"),
    "maybePayment": Case("transfer", total=D("-1.00"), reference=None, line=line("t", "3.00"), mark=Case("text", text="ü")),
    "payments": [Case("cash", total=D("0.00"), reference=None), None, Case("card", total=D("1.00"), reference=None, last4="")],
    "maybeCharged": Case("cash", total=D("7.00"), reference=None),
    "marks": {"a": Case("text", text="t"), "b": Case("none")},
    "textSet": ["", "a", "aa", "b", "\uFFFD", "😀"], "sortedTextSet": ["B", "a", "b"], "intSet": [-(2**31), -1, 0, 64, 65, 128],
    "ownerSet": [-3, 3], "colorSet": ["Red", "Blue"],
    "instantSet": [datetime.datetime(2024, 5, 1, 9, tzinfo=utc), datetime.datetime(2024, 5, 1, 10, tzinfo=utc)],
    "durationSet": [-3600000000, 86400000000], "priceSet": [D("-1.00"), D("9.50"), D("10.00")],
    "maybeSet": [str(uuid.UUID(int=n << 120)) for n in (0, 0x7F, 0xFF)],
}

# The other ends: nothing where there may be nothing, and the smallest and largest that FULL does not have.
LEAST = {name: None if name.startswith("maybe") else type(value)() if isinstance(value, (list, dict)) and not isinstance(value, Case) else value
         for name, value in FULL.items()} | {
    "id": "00000000-0000-0000-0000-000000000000",
    "flag": False, "sByte": 127, "byte": 0, "int16": 32767, "uInt16": 0, "int32": 2**31 - 1, "uInt32": 0,
    "int64": -(2**63), "uInt64": D(0), "single": struct.unpack("<f", b"\x01\0\0\0")[0], "double": sys.float_info.max,
    "text": "", "amount": D("99999999999999.9999"), "wide": D("-999999999999999999.9999999999"),
    "at": datetime.datetime(1, 1, 1, tzinfo=utc), "utc": datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, utc),
    "day": datetime.date(1, 1, 1), "time": datetime.time(23, 59, 59, 999999), "duration": (2**63 - 1) // 10,
    "bytes": b"", "color": "Red", "point": {"x": 5e-324, "y": 0.0}, "line": line("", "-9999999999.99", -(2**31)), "owner": 0,
    "payment": Case("cash", total=D("9999999.99"), reference=""),
}

EVERY_KEY = {
    "text": "a/b c%", "guid": "00112233-4455-6677-8899-aabbccddeeff", "sByte": -1, "byte": 2, "int16": -3, "uInt16": 4, "int32": -5,
    "uInt32": 6, "int64": -7, "uInt64": D(8), "day": datetime.date(2024, 5, 1), "color": "Green", "owner": 9, "value": 10,
}

DEEP = {
    "id": 1, "boxes": [{"name": "a", "sizes": [1, -1, 2**31 - 1]}, {"name": "", "sizes": []}, {"name": "c", "sizes": [0] * 70}],
    "counts": {"": 0, "Z": 1, "a": 2},
}

EVOLVING = {
    "id": 7, "name": "n", "mood": "Glad", "note": "x", "count": 6, "rate": D("2.25"), "tags": ["t"], "map": {"k": 1},
    "remark": Case("hyperlink", target="there"), "set": ["a", "b"], "other": "Calm", "segment": "00000000-0000-0000-0000-000000000001",
    "since": datetime.date(2000, 2, 29), "seen": datetime.datetime(2000, 1, 1, tzinfo=utc), "opens": datetime.time(0, 0, 0, 1),
    "ahead": 1, "text": "t",
}

IMAGE = EVOLVING | {"note": None, "remark": Case("image", pixels=b"\xff"), "mood": "Unknown", "tags": [], "map": {}, "set": []}

PLAIN = EVOLVING | {"remark": Case("text", body="b", bold=True), "opens": datetime.time(8, 30), "ahead": -(36 * 3600 * 1000000 + 500000)}

PARAMETERS = {
    "id": 1, "owner": 0, "guid": "00000000-0000-0000-0000-000000000000", "day": datetime.date(1, 1, 1),
    "at": datetime.datetime(1, 1, 1, tzinfo=utc), "time": datetime.time(0), "duration": 0, "items": [], "color": "Green", "text": "a\tb",
    "ratio": -1.5e-7, "share": struct.unpack("<f", struct.pack("<f", 0.1))[0], "big": D(2**64 - 1), "small": -(2**63), "money": D("-12.50"),
    "flag": True, "note": None,
}

STATES = {
    "every-value": [FULL, LEAST],
    "every-key": [EVERY_KEY],
    "deep": [DEEP],
    "evolving": [EVOLVING, IMAGE, PLAIN],
    "parameter-defaults": [PARAMETERS],
}


def fraction(micros):
    return f".{micros:06}".rstrip("0") if micros else ""


def time_text(value):
    return value.strftime("%H:%M:%S") + fraction(value.microsecond)


def duration_text(micros):
    seconds, rest = divmod(abs(micros), 1000000)
    days, seconds = divmod(seconds, 86400)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{seconds}{fraction(rest)}S" if seconds or rest else "")
    text = (f"{days}D" if days else "") + ("T" + time if time else "")
    return ("-" if micros < 0 else "") + "P" + (text or "T0S")


def number(value, read_back):
    """The shortest that reads back the same, as most languages write it."""
    text = next(t for t in (f"{value:.{digits}g}" for digits in range(1, 18)) if read_back(float(t)) == value)
    return repr(float(text)).replace("e", "E").removesuffix(".0")


def to_json(schema, value):
    """The JSON form of docs/wire.md, minified."""
    kind, logical = schema.type, schema.props.get("logicalType")
    if kind == "union":
        if value is None:
            return "null"
        named = [s for s in schema.schemas if s.type == "record" and isinstance(value, Case) and s.name == value.name]
        return to_json((named or [s for s in schema.schemas if s.type != "null"])[0], value)
    if kind == "record":
        case = [f'"$type":{json.dumps(value.name)}'] if isinstance(value, Case) else []
        return "{" + ",".join(case + [f"{json.dumps(f.name)}:{to_json(f.type, value[f.name])}" for f in schema.fields]) + "}"
    if kind == "array":
        return "[" + ",".join(to_json(schema.items, item) for item in value) + "]"
    if kind == "map":
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{to_json(schema.values, v)}" for k, v in value.items()) + "}"
    if logical == "decimal":
        return f"{value:.{schema.props['scale']}f}"
    if kind == "bytes":
        return json.dumps(base64.b64encode(value).decode())
    if logical == "date":
        return f'"{value.isoformat()}"'
    if logical == "timestamp-micros":
        return f'"{value.date().isoformat()}T{time_text(value.time())}Z"'
    if logical == "time-micros":
        return f'"{time_text(value)}"'
    if schema.props.get("ecst") == "duration-micros":
        return f'"{duration_text(value)}"'
    if kind == "float":
        return number(value, lambda t: struct.unpack("<f", struct.pack("<f", t))[0])
    if kind == "double":
        return number(value, lambda t: t)
    return json.dumps(value, ensure_ascii=False)


def bare(schema):
    """Without annotations: python-avro keeps annotated primitives in its canonical form."""
    if isinstance(schema, dict):
        return {k: v if k == "default" else bare(v) for k, v in schema.items() if k not in ("logicalType", "precision", "scale", "ecst")}
    return [bare(s) for s in schema] if isinstance(schema, list) else schema


def rabin(data):
    """CRC-64-AVRO, bit by bit as the specification defines it."""
    empty = 0xC15D213AA4D7A795
    fingerprint = empty
    for byte in data:
        fingerprint ^= byte
        for _ in range(8):
            fingerprint = (fingerprint >> 1) ^ (empty if fingerprint & 1 else 0)
    return f"{fingerprint:016x}"


def encode(schema, value):
    out = io.BytesIO()
    avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(out))
    return out.getvalue()


def ours(data):
    """Our fingerprint: of a schema's minified JSON, or of a body (docs/wire.md)."""
    return hashlib.sha256(data).hexdigest()[:32]


def write(folder, name, lines):
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
for name, states in STATES.items():
    text = (here / f"{name}.avsc").read_text(encoding="utf-8").strip()
    schema = avro.schema.parse(text)
    canonical = avro.schema.parse(json.dumps(bare(json.loads(text)))).canonical_form
    bodies = [encode(schema, state) for state in states]
    write(folder, f"{name}.hex", [body.hex() for body in bodies])
    write(folder, f"{name}.jsonl", [to_json(schema, state) for state in states])
    write(folder, f"{name}.canonical", [canonical])
    write(folder, f"{name}.fingerprints", [
        f"rabin {rabin(canonical.encode())}",
        f"sha256 {hashlib.sha256(canonical.encode()).hexdigest()}",
        f"schema {ours(text.encode())}",
        *(f"content {ours(body)}" for body in bodies),
    ])
