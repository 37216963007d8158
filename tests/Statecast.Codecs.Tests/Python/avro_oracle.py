#!/usr/bin/env python3
"""Asks an independent implementation: Apache Avro for Python (Debian's python3-avro 1.11.1).

    avro_oracle.py QUESTIONS ANSWERS

A question a line, an answer a line, each a JSON object, and after the last answer the counts of faults of python-avro's that are mended below:
  {"schema", "values": [{"json", "avro"}]}        "json" is a state in the JSON form of docs/wire.md, "avro" our bytes of it in hex, "ours" our
                                                  JSON of it; answered with the schema's canonical form and fingerprints and, for each value,
                                                  python-avro's own bytes and whether it reads ours as the same value.
  {"writer", "reader", "bodies": [hex]}           answered, for each body, with the bytes in the reader's schema of what it resolves to, or why not.

The JSON form is read here a second time, from its description alone: nothing of the library's is used.
"""
import base64, datetime, decimal, hashlib, io, json, logging, re, struct, sys, warnings
import avro.errors, avro.io, avro.schema

decimal.getcontext().prec = 80
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROS = datetime.timedelta(microseconds=1)
DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?\Z")


class Case(dict):
    """A record with its name: the library tells a union's records apart by their fields alone, which cases may share."""
    def __init__(self, name, fields):
        super().__init__(fields)
        self.name = name


by_fields = avro.schema.RecordSchema.validate
avro.schema.RecordSchema.validate = lambda self, datum: (
    by_fields(self, datum) if getattr(datum, "name", self.name) == self.name else None
)
read_record = avro.io.DatumReader.read_record
avro.io.DatumReader.read_record = lambda self, writer, reader, decoder: Case(reader.name, read_record(self, writer, reader, decoder))


# Faults of python-avro's, mended here and counted.
NULL_UUID = "null beside a uuid raises"
LONG_DECIMAL = "decimal written longer than needed"
CANONICAL = "canonical form keeps an annotated primitive an object"
faults = {NULL_UUID: 0, LONG_DECIMAL: 0, CANONICAL: 0}

validate_uuid = avro.schema.UUIDSchema.validate


def validate_maybe_uuid(self, value):
    if isinstance(value, str):
        return validate_uuid(self, value)
    faults[NULL_UUID] += value is None
    return None


avro.schema.UUIDSchema.validate = validate_maybe_uuid
write_decimal = avro.io.BinaryEncoder.write_decimal_bytes


def write_decimal_bytes(self, value, scale):
    unscaled = int(value.scaleb(scale))
    size = (unscaled + 1 if unscaled < 0 else unscaled).bit_length() // 8 + 1
    if unscaled < 0 and (-unscaled).bit_length() // 8 + 1 > size:
        faults[LONG_DECIMAL] += 1
        self.write_bytes(unscaled.to_bytes(size, "big", signed=True))
    else:
        write_decimal(self, value, scale)


avro.io.BinaryEncoder.write_decimal_bytes = write_decimal_bytes


def micros_of_day(text):
    hours, minutes, rest = text.split(":")
    seconds, _, fraction = rest.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000000 + int(fraction.ljust(6, "0") or 0)


def duration(text):
    sign, days, hours, minutes, seconds, fraction = DURATION.match(text).groups()
    whole = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    micros = whole * 1000000 + int((fraction or "").ljust(6, "0"))
    return -micros if sign else micros


def datum(schema, value):
    """The value of a schema that a JSON value stands for (docs/wire.md), as python-avro takes it."""
    kind, logical = schema.type, schema.props.get("logicalType")
    if kind == "union":
        if value is None:
            return None
        if isinstance(value, dict) and "$type" in value:
            return datum(next(s for s in schema.schemas if s.type == "record" and s.name == value["$type"]), value)
        return datum(next(s for s in schema.schemas if s.type != "null"), value)
    if kind == "record":
        return Case(schema.name, {f.name: datum(f.type, value.get(f.name)) for f in schema.fields})
    if kind == "array":
        items = [datum(schema.items, item) for item in value]
        return ordered(schema.items, items) if schema.props.get("ecst") == "set" else items
    if kind == "map":
        return {key: datum(schema.values, value[key]) for key in sorted(value, key=lambda k: k.encode())}
    if kind == "bytes" and logical == "decimal":
        scale = decimal.Decimal(1).scaleb(-schema.props["scale"])
        return decimal.Decimal(value).quantize(scale)
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "int" and logical == "date":
        return datetime.date.fromisoformat(value)
    if kind == "long" and logical == "timestamp-micros":
        day, _, time = value.removesuffix("Z").partition("T")
        midnight = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(), datetime.timezone.utc)
        return midnight + micros_of_day(time) * MICROS
    if kind == "long" and logical == "time-micros":
        micros = micros_of_day(value)
        return (datetime.datetime.min + micros * MICROS).time()
    if kind == "long" and schema.props.get("ecst") == "duration-micros":
        return duration(value)
    if kind == "float":
        return struct.unpack("<f", struct.pack("<f", float(value)))[0]
    if kind == "double":
        return float(value)
    return value


def ordered(schema, items):
    if schema.type == "enum":
        key = schema.symbols.index
    elif schema.type == "string":
        key = str.encode
    else:
        key = lambda item: item
    kept = []
    for item in sorted(items, key=key):
        if not kept or kept[-1] != item:
            kept.append(item)
    return kept


def encode(schema, value):
    out = io.BytesIO()
    avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(out))
    return out.getvalue().hex()


def decode(writer, reader, body):
    source = io.BytesIO(bytes.fromhex(body))
    value = avro.io.DatumReader(writer, reader).read(avro.io.BinaryDecoder(source))
    if source.read(1):
        raise ValueError("bytes are left")
    return value


def rabin(text):
    """CRC-64-AVRO, bit by bit as the specification defines it."""
    empty = 0xC15D213AA4D7A795
    fingerprint = empty
    for byte in text.encode():
        fingerprint ^= byte
        for _ in range(8):
            fingerprint = (fingerprint >> 1) ^ (empty if fingerprint & 1 else 0)
    return f"{fingerprint:016x}"


def numbers(text):
    return json.loads(text, parse_float=decimal.Decimal)


def answer_values(question):
    schema = avro.schema.parse(question["schema"])
    canonical = avro.schema.parse(json.dumps(bare(json.loads(question["schema"])))).canonical_form
    faults[CANONICAL] += canonical != schema.canonical_form
    answers = []
    for value in question["values"]:
        expected = datum(schema, numbers(value["json"]))
        answers.append({
            "avro": encode(schema, expected),
            "reads": decode(schema, schema, value["avro"]) == expected,
            "says": datum(schema, numbers(value["ours"])) == expected,
        })
    return {"canonical": canonical, "rabin": rabin(canonical), "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
            "values": answers}


def bare(schema):
    """Without annotations: python-avro takes the writer's logical types for the reader's, and keeps annotated primitives in its canonical form."""
    if isinstance(schema, dict):
        return {k: v if k == "default" else bare(v) for k, v in schema.items() if k not in ("logicalType", "precision", "scale", "ecst")}
    return [bare(s) for s in schema] if isinstance(schema, list) else schema


def records(schema):
    if isinstance(schema, list):
        for branch in schema:
            yield from records(branch)
    elif isinstance(schema, dict):
        if "fields" in schema:
            yield schema
        for inner in [f["type"] for f in schema.get("fields", ())] + [schema[k] for k in ("type", "items", "values") if k in schema]:
            yield from records(inner)


def renamed(writer, reader):
    """The writer's schema with its names as the reader's aliases have them, and the reader's namespace: python-avro knows neither aliases nor unqualified names."""
    known = {record["name"]: record for record in records(reader)}
    for record in records(writer):
        theirs = known.get(record["name"])
        if theirs is None:
            continue
        if "namespace" in theirs:
            record["namespace"] = theirs["namespace"]
        written = {field["name"] for field in record["fields"]}
        for field in theirs["fields"]:
            alias = next((a for a in field.get("aliases", ()) if a in written), None)
            if field["name"] not in written and alias is not None:
                next(f for f in record["fields"] if f["name"] == alias)["name"] = field["name"]
                written = {f["name"] for f in record["fields"]}
    return writer


def answer_bodies(question):
    reader = bare(json.loads(question["reader"]))
    writer = avro.schema.parse(json.dumps(renamed(bare(json.loads(question["writer"])), reader)))
    reader = avro.schema.parse(json.dumps(reader))
    answers = []
    for body in question["bodies"]:
        try:
            answers.append({"avro": encode(reader, decode(writer, reader, body))})
        except avro.errors.AvroException as cannot:
            answers.append({"cannot": type(cannot).__name__})
    return {"bodies": answers}


with open(sys.argv[1], encoding="utf-8") as questions, open(sys.argv[2], "w", encoding="utf-8") as answers:
    for line in questions:
        question = json.loads(line)
        try:
            answer = answer_values(question) if "values" in question else answer_bodies(question)
        except Exception as defect:  # told, and then a failure of the test: with the question's line
            answer = {"defect": f"{type(defect).__name__}: {defect}"}
        answers.write(json.dumps(answer) + "\n")
    answers.write(json.dumps(faults) + "\n")
