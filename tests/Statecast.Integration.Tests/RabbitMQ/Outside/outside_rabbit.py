#!/usr/bin/python3
"""A program that knows RabbitMQ and docs/wire.md, and nothing else of ours.

    outside_rabbit.py bind URI DESTINATION LANES QUEUE     declares a queue that gets every state of a destination
    outside_rabbit.py read URI QUEUE COUNT                 reads so many messages, and prints {key: state}
    outside_rabbit.py publish URI DESTINATION LANES        publishes the events on standard input, a JSON object a line
"""
import json
import sys

import pika


def murmur2(data):
    length, m = len(data), 0x5BD1E995
    h = (0x9747B28C ^ length) & 0xFFFFFFFF
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ ((k ^ (k >> 24)) * m & 0xFFFFFFFF)
    if length & 3:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & 0xFFFFFFFF
    h = (h ^ (h >> 13)) * m & 0xFFFFFFFF
    return h ^ (h >> 15)


def connect(uri):
    return pika.BlockingConnection(pika.URLParameters(uri))


def bind(uri, destination, lanes, queue):
    with connect(uri) as connection:
        channel = connection.channel()
        channel.exchange_declare(destination, "direct", durable=True)
        channel.queue_declare(queue, durable=True)
        for lane in range(int(lanes)):
            channel.queue_bind(queue, destination, str(lane))


def read(uri, queue, count):
    newest = {}
    with connect(uri) as connection:
        channel = connection.channel()
        for method, properties, body in channel.consume(queue, inactivity_timeout=60):
            if method is None:
                sys.exit("no message within 60 s")
            if not properties.content_type.startswith("application/cloudevents+json"):
                sys.exit(f"a message of '{properties.content_type}' cannot be read")
            event = json.loads(body)
            if event["specversion"] != "1.0" or event["subject"] != event["partitionkey"]:
                sys.exit(f"no event of ours: {event}")
            revision = (int(event["ecstepoch"]), int(event["ecstrevision"]))
            held = newest.get(event["subject"], ((0, 0), None))[0]
            if revision > held or (revision == held and event["ecstop"] == "snapshot"):
                newest[event["subject"]] = (revision, None if event["ecstop"] == "delete" else event["data"])
            channel.basic_ack(method.delivery_tag)
            if method.delivery_tag == int(count):
                break
        channel.cancel()
    print(json.dumps({key: state for key, (_, state) in newest.items()}, sort_keys=True))


def publish(uri, destination, lanes):
    with connect(uri) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for line in sys.stdin:
            said = json.loads(line)
            event = {
                "specversion": "1.0",
                "id": f"{said['subject']}-{said['ecstrevision']}",
                "type": destination,
                "datacontenttype": "application/json",
                **said,
            }
            lane = (murmur2(event["subject"].encode()) & 4095) % int(lanes)
            # Fails where no queue takes it.
            channel.basic_publish(
                destination,
                str(lane),
                json.dumps(event).encode(),
                pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2),
                mandatory=True,
            )


if __name__ == "__main__":
    {"bind": bind, "read": read, "publish": publish}[sys.argv[1]](*sys.argv[2:])
