#!/usr/bin/python3
"""A source in another language, written after docs/wire.md alone.

    outside_source.py create  SERVERS DESTINATION PARTITIONS SOURCE
    outside_source.py publish SERVERS DESTINATION PARTITIONS SOURCE TOPIC_ID    one JSON object a line on standard input:
        {"key": ..., "epoch": ..., "revision": ..., "op": ..., "state": {...} or null, "without": [names of headers to leave out]}
"""
import base64
import datetime
import json
import sys
import time
import urllib.parse
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

FOR_EVER = str(2**63 - 1)


def murmur2(data):
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    rest = data[whole:]
    if rest:
        h ^= int.from_bytes(rest, "little")
        h = h * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def key_text(*parts):
    return "/".join(urllib.parse.quote(str(part), safe="-._~") for part in parts)


def lane_of(key, lanes):
    return (murmur2(key.encode()) & 4095) % lanes


def incarnation_of(topic_id):
    raw = base64.urlsafe_b64decode(topic_id + "=" * (-len(topic_id) % 4))
    high, low = (int.from_bytes(raw[i : i + 8], "big") for i in (0, 8))
    return ((high * 31) ^ low) & (2**53 - 1) or 1


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def create(servers, destination, partitions, source):
    states = {"cleanup.policy": "compact", "delete.retention.ms": FOR_EVER, "min.compaction.lag.ms": "60000"}
    control = {"cleanup.policy": "compact"}
    wanted = [
        NewTopic(destination, int(partitions), 1, config=states),
        NewTopic(destination + ".control", 1, 1, config=control),
    ]
    admin = AdminClient({"bootstrap.servers": servers})
    for made in admin.create_topics(wanted).values():
        made.result(30)
    say(open_producer(servers), destination, "source", source.encode())


def open_producer(servers):
    return Producer({"bootstrap.servers": servers, "enable.idempotence": True, "acks": "all"})


def say(producer, destination, key, value):
    producer.produce(destination + ".control", value, key, partition=0, on_delivery=confirmed)
    producer.flush()


def confirmed(error, _):
    if error:
        sys.exit(str(error))


def publish(servers, destination, partitions, source, topic_id):
    lanes, producer, epoch, clock = int(partitions), open_producer(servers), 0, now()
    for line in sys.stdin:
        event = json.loads(line)
        epoch = max(epoch, event["epoch"])
        key = key_text(*event["key"])
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid.uuid4()),
            "ce_source": source,
            "ce_type": destination,
            "ce_subject": key,
            "ce_time": now(),
            "ce_ecstop": event["op"],
            "ce_ecstepoch": str(event["epoch"]),
            "ce_ecstrevision": str(event["revision"]),
        }
        if event["op"] != "delete":
            headers["content-type"] = "application/json"
        for name in event.get("without", []):
            del headers[name]
        body = None if event["op"] == "delete" else json.dumps(event["state"]).encode()
        producer.produce(destination, body, key, partition=lane_of(key, lanes), headers=list(headers.items()), on_delivery=confirmed)
    producer.flush()

    asker = Consumer({"bootstrap.servers": servers, "group.id": "unused"})

    # A topic that was just made may not have told everybody who leads its partitions.
    unsettled = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART)

    def end_of(lane):
        for tries in range(20):
            try:
                return asker.get_watermark_offsets(TopicPartition(destination, lane), timeout=30)[1]
            except KafkaException as error:
                if tries == 19 or error.args[0].code() not in unsettled:
                    raise
                time.sleep(0.25)

    ends = [
        {
            "lane": lane,
            "incarnation": incarnation_of(topic_id),
            "position": end_of(lane),
            "number": 0,
            "floorEpoch": 0,
            "floorNumber": 0,
        }
        for lane in range(lanes)
    ]
    asker.close()
    heartbeat = {
        "source": source,
        "destination": destination,
        "epoch": epoch,
        "lease": str(uuid.uuid4()),
        "clock": clock,
        "intervalMs": 60000,
        "firstRepublishEnded": True,
        "ends": ends,
    }
    say(producer, destination, "heartbeat", json.dumps(heartbeat).encode())


if __name__ == "__main__":
    {"create": create, "publish": publish}[sys.argv[1]](*sys.argv[2:])
