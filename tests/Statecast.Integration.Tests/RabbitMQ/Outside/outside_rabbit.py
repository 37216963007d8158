#!/usr/bin/python3
"""A program that knows RabbitMQ and docs/wire.md, and nothing else of ours.

    outside_rabbit.py bind URI DESTINATION LANES QUEUE     declares a queue that gets every state of a destination
    outside_rabbit.py read URI QUEUE COUNT                 reads so many messages, and prints {key: state}
    outside_rabbit.py publish URI DESTINATION LANES        publishes the events on standard input, a JSON object a line
    outside_rabbit.py greet URI DESTINATION LANES SOURCE   waits until a target asks how many lanes there are, and tells it
    outside_rabbit.py serve URI DESTINATION LANES SOURCE   is the source of the events on standard input: answers requests, and says heartbeats, until it is killed
"""
import datetime
import json
import sys
import uuid

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


def bucket_of(event):
    return murmur2(event["subject"].encode()) & 4095


def send(channel, exchange, key, destination, said):
    event = {
        "specversion": "1.0",
        "id": f"{said['subject']}-{said['ecstrevision']}",
        "type": destination,
        "datacontenttype": "application/json",
        **said,
    }
    # Fails where no queue takes it.
    channel.basic_publish(
        exchange,
        key,
        json.dumps(event).encode(),
        pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2),
        mandatory=True,
    )


def publish(uri, destination, lanes):
    with connect(uri) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for line in sys.stdin:
            said = json.loads(line)
            send(channel, destination, str(bucket_of(said) % int(lanes)), destination, said)


def greet(uri, destination, lanes, source):
    with connect(uri) as connection:
        channel = connection.channel()
        channel.exchange_declare(f"{destination}.control", "direct", durable=True)
        channel.exchange_declare(f"{destination}.asks", "direct", durable=True)
        # What is asked from now on is kept for who serves.
        channel.queue_declare(f"{destination}.requests", durable=True)
        channel.queue_bind(f"{destination}.requests", f"{destination}.asks", "request")
        hellos = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(hellos, f"{destination}.asks", "hello")
        if next(channel.consume(hellos, auto_ack=True, inactivity_timeout=60))[0] is None:
            sys.exit("nobody asked within 60 s")
        channel.basic_publish(f"{destination}.control", "lanes", json.dumps({"source": source, "lanes": int(lanes)}).encode())


def serve(uri, destination, lanes, source):
    states = [json.loads(line) for line in sys.stdin]
    epoch, lease, answered = max(int(s["ecstepoch"]) for s in states), str(uuid.uuid4()), {}

    def answer(channel, request):
        def say(said):
            # Its own numbering for each who asks.
            reply_to = request["replyTo"]
            answered[reply_to] = answered.get(reply_to, 0) + 1
            said = {"source": source, "ecstreply": reply_to, "ecstlease": lease, "ecstseq": answered[reply_to], **said}
            send(channel, "", reply_to, destination, said)

        for first, last in ((r["first"], r["last"]) for r in request["ranges"]):
            # Nothing in a live lane has a number here.
            mark = {"run": request["run"], "first": first, "last": last, "cut": 0}
            mark = {"subject": f"{first} to {last}", "ecstepoch": epoch, "ecstrevision": 0, "data": mark}
            say({**mark, "ecstop": "rangebegin"})
            for state in states:
                if first <= bucket_of(state) <= last and bucket_of(state) % int(lanes) == request["lane"]:
                    say({**state, "ecstop": "snapshot" if "data" in state else "delete"})
            say({**mark, "ecstop": "rangeend"})

    def heartbeat(channel):
        end = {"incarnation": 0, "position": 0, "number": 0, "floorEpoch": 0, "floorNumber": 0, "line": []}
        word = {
            "source": source,
            "destination": destination,
            "epoch": epoch,
            "lease": lease,
            "clock": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "intervalMs": 200,
            "firstRepublishEnded": True,
            "ends": [{"lane": lane, **end} for lane in range(int(lanes))],
        }
        for lane in range(int(lanes)):
            properties = pika.BasicProperties(type="statecast.heartbeat", expiration="10000")
            channel.basic_publish(destination, f"{lane}.heartbeat", json.dumps(word).encode(), properties)

    with connect(uri) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for method, _, body in channel.consume(f"{destination}.requests", inactivity_timeout=0.2):
            if method is not None:
                answer(channel, json.loads(body))
                channel.basic_ack(method.delivery_tag)
            heartbeat(channel)


if __name__ == "__main__":
    {"bind": bind, "read": read, "publish": publish, "greet": greet, "serve": serve}[sys.argv[1]](*sys.argv[2:])
