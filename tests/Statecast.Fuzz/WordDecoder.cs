using System.Text;
using System.Text.Json;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Fuzz.Corpus;
using Statecast.RabbitMQ.Transport;
using Statecast.Serialization;
using Statecast.Serialization.Avro.Registry;
using Statecast.Tests.Serialization;
using Statecast.Transport;

namespace Statecast.Fuzz;

/// <summary>
/// What else is read of bytes from outside besides states: envelopes, framings, keys, and the words of sources and targets. A refusal is a
/// <see cref="FormatException"/>; whoever reads them knows no other, so that any other would end its loop. They are short: of the place only the whole is told.
/// </summary>
internal sealed class WordDecoder(string name, IReadOnlyList<byte[]> corpus, Action<byte[]> read) : IDecoder
{
    private static readonly LaneId Lane = new("tests.every-value.v3", 2);

    public string Name => name;

    public IReadOnlyList<byte[]> Corpus => corpus;

    public long MaxAllocated(int inputBytes) => 64 * 1024 + 1_024L * inputBytes;

    /// <summary>An event's attributes, a line each: what a carrier has in headers.</summary>
    public static WordDecoder CloudEvent(string name)
    {
        var repeats = new CloudEventRepeats();
        return new(
            name,
            MalformedWords.Lines,
            input =>
            {
                var reader = new CloudEventReader(repeats);
                foreach (var line in input.AsSpan().Split((byte)'\n'))
                    if (input.AsSpan()[line] is var text && text.IndexOf((byte)'=') is >= 0 and var at)
                        reader.Take(text[..at], text[(at + 1)..]);
                Use(reader.Read(Lane, "tests.every-value", "json", input));
            }
        );
    }

    /// <summary>An event in structured mode.</summary>
    public static WordDecoder StructuredEvent(string name)
    {
        var repeats = new CloudEventRepeats();
        return new(
            name,
            MalformedWords.Of(MalformedWords.Structured),
            input =>
            {
                var reader = new CloudEventReader(repeats);
                var data = RabbitMQ.Transport.StructuredEvent.Read(input, ref reader);
                Use(reader.Read(Lane, "tests.every-value", "json", data ?? default));
            }
        );
    }

    public static WordDecoder Heartbeat(string name) =>
        new(
            name,
            MalformedWords.Of(HeartbeatJson.Write(MalformedWords.Heartbeat)),
            input =>
            {
                var word = HeartbeatJson.Read(input);
                Require(word.FloorEpoch >= 0 && word.Interval > TimeSpan.Zero && word.Ends.All(e => e.Lane.Number >= 0));
                HeartbeatJson.Write(word);
            }
        );

    public static WordDecoder StateRequest(string name) =>
        new(
            name,
            MalformedWords.Of(StateRequestJson.Write(MalformedWords.Request)),
            input =>
            {
                var request = StateRequestJson.Read(input);
                Require(request.Keys.All(k => k.Length > 0) && request.Keys.Count <= StateRequestJson.MaxParts);
                StateRequestJson.Write(request);
            }
        );

    public static WordDecoder RangeMark(string name) =>
        new(name, MalformedWords.Of(MalformedWords.Mark.Write()), input => Events.RangeMark.Read(input).Write());

    public static WordDecoder RabbitMarker(string name) =>
        new(
            name,
            MalformedWords.Of(MalformedWords.Marker.Write()),
            input =>
            {
                var marker = RabbitMQ.Transport.RabbitMarker.Read(input);
                Require(marker.Marks.All(m => m.Lane.Number >= 0));
                marker.Write();
            }
        );

    /// <summary>Behind a prefix, and beside a header, which is what the input begins with.</summary>
    public static WordDecoder AvroFraming(string name) =>
        new(
            name,
            MalformedWords.Framed,
            input =>
            {
                var header = input.AsSpan(0, Math.Min(input.Length, 17));
                // Each is tried whether the other is refused or not.
                try
                {
                    Serialization.Avro.Registry.AvroFraming.Read(input.AsMemory(header.Length), header, out var beside);
                    Require(beside.Length == input.Length - header.Length);
                }
                catch (StateFormatException) { }
                Serialization.Avro.Registry.AvroFraming.Read(input, default, out var body);
                Require(body.Length == input.Length - Serialization.Avro.Registry.AvroFraming.PrefixSize);
            }
        );

    /// <summary>Keys in their text form, a part of every kind, as a subject or a request has them; and tokens, as a client hands them back.</summary>
    public static WordDecoder Key(string name)
    {
        var keys = new Keys();
        return new(
            name,
            MalformedWords.Keys,
            input =>
            {
                var text = Encoding.UTF8.GetString(input);
                if (StateToken.ParseOrNone(text) is { } token)
                    Require(StateToken.ParseOrNone(token.ToString()) == token);
                Require(StateContract.Of<EveryKey>().Accept(keys.Of(text)));
            }
        );
    }

    // What is read of an event is written again by the row or the reply that it becomes.
    private static void Use(StateEvent read)
    {
        Require(read is { Revision: { Epoch: >= 0, Number: >= 0 }, Key.Length: > 0, LaneNumber: >= 0 });
        foreach (var (attribute, value) in CloudEventAttributes.Of(read, "application/json"))
            Require(attribute.Length > 0 && value is not null);
    }

    /// <summary>Fixed for ever: what a text is read as is written as one text, which is read as the same.</summary>
    private sealed class Keys : IContractVisitor<bool>
    {
        private string _text = "";

        public Keys Of(string text)
        {
            _text = text;
            return this;
        }

        public bool Visit<TKey, TState>(StateContract<TKey, TState> contract)
            where TKey : notnull
            where TState : class
        {
            var key = contract.ParseKey(_text);
            return contract.ParseKey(contract.FormatKey(key)).Equals(key);
        }
    }

    private static void Require(bool isSound)
    {
        if (!isSound)
            throw new InvalidOperationException("What was read is not what may be read.");
    }

    public Refusal? Decode(byte[] input)
    {
        try
        {
            read(input);
            return null;
        }
        catch (FormatException refused)
            when (refused.InnerException is null or JsonException or ArgumentOutOfRangeException or InvalidOperationException)
        {
            return new("$", 0, refused.Message);
        }
    }
}
