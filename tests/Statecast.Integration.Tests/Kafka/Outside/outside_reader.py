#!/usr/bin/python3
"""A replica in another language, written after docs/wire.md alone: reads a topic to its end and prints {key: state} as JSON.

    outside_reader.py SERVERS DESTINATION [REGISTRY]    Avro is read by the schemas of a registry
"""
import functools
import io
import json
import sys
import urllib.request

from confluent_kafka import Consumer, OFFSET_BEGINNING, TopicPartition


@functools.lru_cache(maxsize=None)
def avro_reader(registry, number):
    import avro.io
    import avro.schema

    with urllib.request.urlopen(f"{registry}/schemas/ids/{number}", timeout=30) as answer:
        return avro.io.DatumReader(avro.schema.parse(json.load(answer)["schema"]))


def state_of(value, content_type, registry):
    if content_type == "application/json":
        return json.loads(value)
    if content_type != "application/avro" or value[0] != 0:
        sys.exit(f"a value of '{content_type}' cannot be read")
    import avro.io

    return avro_reader(registry, int.from_bytes(value[1:5], "big")).read(avro.io.BinaryDecoder(io.BytesIO(value[5:])))


def main(servers, destination, registry=None):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "unused", "enable.partition.eof": True, "enable.auto.commit": False})
    partitions = consumer.list_topics(destination, 30).topics[destination].partitions
    consumer.assign([TopicPartition(destination, p, OFFSET_BEGINNING) for p in partitions])
    left, newest = set(partitions), {}
    while left:
        record = consumer.poll(30)
        if record is None:
            sys.exit("no end was found within 30 s")
        if record.error():
            if record.error().name() != "_PARTITION_EOF":
                sys.exit(str(record.error()))
            left.discard(record.partition())
            continue
        headers = {name: value.decode() for name, value in record.headers()}
        key, operation = headers["ce_subject"], headers["ce_ecstop"]
        if key != record.key().decode() or headers["ce_type"] != destination:
            sys.exit(f"the record {record.offset()} is another's: {headers}")
        revision = (int(headers["ce_ecstepoch"]), int(headers["ce_ecstrevision"]))
        held = newest.get(key, ((0, 0), None))[0]
        if revision > held or (revision == held and operation == "snapshot"):
            newest[key] = (revision, None if operation == "delete" else state_of(record.value(), headers["content-type"], registry))
    consumer.close()
    print(json.dumps({key: state for key, (_, state) in newest.items()}, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
