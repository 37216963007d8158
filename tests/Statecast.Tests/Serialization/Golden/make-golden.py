#!/usr/bin/env python3
"""Encodes Samples.Fixed with an independent implementation: Apache Avro for Python (Debian's python3-avro 1.11.1).

Reads every-value.avsc and writes every-value.hex beside itself. Run only when the sample or its schema changes; the tests need no Python.
Maps and sets are written in the order given here: maps by the UTF-8 bytes of their keys, sets as docs/wire.md says.
"""
import datetime, decimal, io, pathlib, uuid
import avro.io, avro.schema

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

datum = {
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

schema = avro.schema.parse((here / "every-value.avsc").read_text())
out = io.BytesIO()
avro.io.DatumWriter(schema).write(datum, avro.io.BinaryEncoder(out))
(here / "every-value.hex").write_text(out.getvalue().hex() + "\n")
