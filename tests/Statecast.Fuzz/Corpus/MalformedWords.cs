using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Publishing;
using Statecast.RabbitMQ.Transport;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Statecast.Tests.Serialization;
using Statecast.Transport;

namespace Statecast.Fuzz.Corpus;

/// <summary>What sources and targets say besides states, whole and malformed.</summary>
internal static class MalformedWords
{
    private const string Destination = "tests.every-value.v3";
    private static readonly Guid Id = new("01890a5d-ac96-774b-bcce-b302099a8057");
    private static readonly DateTimeOffset Moment = new(2024, 5, 1, 8, 30, 0, TimeSpan.Zero);

    // Of every kind, at its ends, and beyond what the platform's own types hold.
    private static readonly string[] Values =
    [
        "null",
        "true",
        "-1",
        "0",
        "1.5",
        "1e999",
        "2147483647",
        "-2147483648",
        "4096",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "\"\"",
        "\"x\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"9999-12-31T23:59:59.9999999Z\"",
        "\"0001-01-01T00:00:00+14:00\"",
        "[]",
        "[null]",
        "[[]]",
        "{}",
        "[{}]",
    ];

    public static Heartbeat Heartbeat { get; } =
        new()
        {
            Source = "shop",
            Destination = Destination,
            Epoch = 3,
            LeaseId = Id,
            Clock = Moment,
            Interval = TimeSpan.FromSeconds(1),
            FirstRepublishEnded = true,
            Ends =
            [
                new(new(Destination, 0), 1, 17, 12, new(3, 9)) { Line = [new(Id, 4), new(default, 9)] },
                new(new(Destination, 1), 1, 4, 2),
            ],
        };

    public static StateRequest Request { get; } =
        new(Destination, ["a", "b/c"])
        {
            Target = "reader",
            ReplyTo = "reader.0",
            Lane = 1,
            Run = Id,
            Ranges = [new(0, 63), new(64, 4095)],
            Reason = "a patch does not fit",
        };

    public static RangeMark Mark { get; } = new(Id, new(64, 127), 40);

    public static RabbitMarker Marker { get; } = new("shop", 8, [new(new(Destination, 0), 3, Id, 12), new(new(Destination, 7), 3, Id, 1)]);

    /// <summary>An event as one JSON object.</summary>
    public static byte[] Structured
    {
        get
        {
            var json = new JsonObject();
            foreach (var (name, value) in CloudEventAttributes.Of(Event(StateOperation.Patch), "application/json"))
                json[name] = value;
            json["data"] = new JsonObject { ["id"] = 7 };
            json["more"] = new JsonArray(1, "x");
            return Encoding.UTF8.GetBytes(json.ToJsonString());
        }
    }

    /// <summary>Events as lines of attributes, each without one, and each with every other thing in its place.</summary>
    public static IReadOnlyList<byte[]> Lines
    {
        get
        {
            var all = new List<string>();
            foreach (var operation in Enum.GetValues<StateOperation>())
            {
                var lines = CloudEventAttributes.Of(Event(operation), "application/json").Select(a => $"{a.Key}={a.Value}").ToList();
                all.Add(string.Join('\n', lines));
                for (var i = 0; i < lines.Count; i++)
                {
                    all.Add(string.Join('\n', lines.Where(l => l != lines[i])));
                    var name = lines[i][..lines[i].IndexOf('=', StringComparison.Ordinal)];
                    foreach (
                        var value in Values.Concat(["upsert", "18446744073709551616", "+1", " 1", "a>b", new('f', 32), "\uFEFF", "\u202E"])
                    )
                        all.Add(string.Join('\n', [.. lines[..i], $"{name}={value.Trim('"')}", .. lines[(i + 1)..]]));
                }
            }
            return [.. all.Select(Encoding.UTF8.GetBytes)];
        }
    }

    /// <summary>A body behind a prefix; a header in front of one; neither.</summary>
    public static IReadOnlyList<byte[]> Framed =>
        [
            AvroFraming.Frame(7, "body"u8),
            [1, .. Id.ToByteArray(bigEndian: true), .. "body"u8],
            [1, .. new byte[16]],
            [0, 0, 0, 0, 0, 1],
            [0, 0xFF, 0xFF, 0xFF, 0xFF],
            [0, 0, 0, 1],
            [2, .. Id.ToByteArray(bigEndian: true)],
            "{\"id\":1}"u8.ToArray(),
            [],
        ];

    /// <summary>The text forms of keys, and tokens that name one.</summary>
    public static IReadOnlyList<byte[]> Keys
    {
        get
        {
            var key = StateContract
                .Of<EveryKey>()
                .KeyTextOf(
                    new(
                        "a/ü~",
                        Id,
                        -1,
                        255,
                        -2,
                        3,
                        int.MinValue,
                        5,
                        long.MaxValue,
                        ulong.MaxValue,
                        new(2024, 2, 29),
                        Color.Blue,
                        new(-7),
                        0
                    )
                );
            var parts = key.Split('/');
            var all = new List<string> { key, new StateToken("tests.every-key", key, new(3, 7)).ToString() };
            for (var i = 0; i < parts.Length; i++)
            {
                all.Add(string.Join('/', parts.Where(p => p != parts[i])));
                foreach (
                    var odd in (string[])
                        [
                            "",
                            "%",
                            "%zz",
                            "%2F",
                            "%2f",
                            "%C3%28",
                            "%ED%A0%80",
                            "-0",
                            "+1",
                            "01",
                            "99999999999999999999",
                            "0001-01-01",
                            "2023-02-29",
                        ]
                )
                    all.Add(string.Join('/', [.. parts[..i], odd, .. parts[(i + 1)..]]));
            }
            all.Add(new('a', 513));
            all.Add(string.Concat(Enumerable.Repeat("%C3%BC", 100)));
            all.Add("tests.every-key~a~-1~9223372036854775808");
            return [.. all.Select(Encoding.UTF8.GetBytes)];
        }
    }

    /// <summary>A word as it is, cut off anywhere, with every other thing in place of each of its values, and what no JSON object is.</summary>
    public static IReadOnlyList<byte[]> Of(byte[] word)
    {
        var all = new List<byte[]> { word };
        for (var length = 0; length < word.Length; length++)
            all.Add(word[..length]);
        var places = Places(JsonNode.Parse(word)!).Count();
        for (var place = 0; place < places; place++)
            foreach (var value in Values)
                all.Add(Replaced(word, place, value));
        foreach (var depth in (int[])[1_000, 10_000, 100_000])
        {
            all.Add(Bytes(new string('[', depth)));
            all.Add([.. word[..^1], .. Bytes(",\"deep\":" + string.Concat(Enumerable.Repeat("{\"a\":", depth)))]);
        }
        all.Add([.. word[..^1], .. Bytes(",\"source\":\"again\"}")]);
        all.Add([.. Encoding.UTF8.GetPreamble(), .. word]);
        all.Add([.. word, .. word]);
        all.Add(Bytes("null"));
        return all;
    }

    private static byte[] Replaced(byte[] word, int place, string value)
    {
        // By a mark, for some of the values are none that a tree can hold.
        const string mark = "\"@@\"";
        var root = JsonNode.Parse(word)!;
        var node = Places(root).ElementAt(place);
        node.ReplaceWith("@@");
        return Bytes(root.ToJsonString().Replace(mark, value, StringComparison.Ordinal));
    }

    private static IEnumerable<JsonNode> Places(JsonNode node)
    {
        foreach (
            var inner in node is JsonObject o ? o.Select(p => p.Value)
            : node is JsonArray a ? a
            : []
        )
            if (inner is not null)
            {
                yield return inner;
                foreach (var deeper in Places(inner))
                    yield return deeper;
            }
    }

    private static StateEvent Event(StateOperation operation) =>
        new()
        {
            Contract = "tests.every-value",
            Lane = operation >= StateOperation.RangeBegin ? SnapshotLane.Of(new(Destination, 2), "reader.2") : new(Destination, 2),
            Key = "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            Revision = new(3, 7),
            Operation = operation,
            Base = operation == StateOperation.Patch ? 6 : 0,
            Causes = "paid,sent",
            Codec = "json",
            Schema = Fingerprint.Of("schema"u8),
            Content = operation == StateOperation.Delete ? null : Fingerprint.Of("content"u8),
            CapturedAt = Moment,
            Source = "shop",
            LeaseId = Id,
            LaneNumber = 12,
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "a=1",
        };

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
