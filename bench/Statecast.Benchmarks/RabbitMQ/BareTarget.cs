using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using RabbitMQ.Client;
using Statecast.Benchmarks.Replicas;
using Statecast.Events;
using Statecast.Serialization;
using Statecast.Transport;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>A store that is written by hand.</summary>
/// <param name="batch">What has arrived, in order.</param>
internal delegate void ApplyBatch(ReadOnlySpan<ReceivedEvent> batch);

/// <summary>
/// The limit of receiving, as a careful hand writes it on the bare client: what arrives waits in memory, is decoded and stored in batches, and acknowledged a batch at
/// a time. As much is sent ahead, and as much stored at once, as with ours.
/// </summary>
internal static class BareTarget
{
    private const ushort Prefetch = 2_000;
    private const int BatchEvents = Prefetch / 2;

    /// <summary>Reads so many messages of a queue into a store.</summary>
    public static async Task ReadAsync(RabbitServer server, string queue, int count, ApplyBatch apply)
    {
        await using var connection = await server.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var inbox = System.Threading.Channels.Channel.CreateUnbounded<Arrived>(new() { SingleReader = true, SingleWriter = true });
        await channel.BasicQosAsync(0, Prefetch, global: false);
        await channel.BasicConsumeAsync(queue, autoAck: false, new Consumer(channel, inbox.Writer));
        var batch = new ReceivedEvent[BatchEvents];
        for (var read = 0; read < count; )
        {
            await inbox.Reader.WaitToReadAsync();
            var taken = 0;
            var last = 0UL;
            while (taken < BatchEvents && inbox.Reader.TryRead(out var arrived))
            {
                batch[taken++] = Decode(arrived.Body, arrived.Tag);
                last = arrived.Tag;
            }
            apply(batch.AsSpan(0, taken));
            await channel.BasicAckAsync(last, multiple: true);
            read += taken;
        }
    }

    /// <summary>What a store needs to know, read straight out of the JSON.</summary>
    private static ReceivedEvent Decode(ReadOnlyMemory<byte> body, ulong tag)
    {
        var json = new Utf8JsonReader(body.Span);
        var (key, epoch, revision) = ("", 0L, 0L);
        var (schema, content) = (default(Fingerprint), default(Fingerprint));
        var captured = default(DateTimeOffset);
        var data = ReadOnlyMemory<byte>.Empty;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            if (json.ValueTextEquals("data"u8))
            {
                json.Read();
                var from = (int)json.TokenStartIndex;
                json.Skip();
                data = body[from..(int)json.BytesConsumed];
            }
            else if (json.ValueTextEquals("subject"u8))
                key = Text(ref json);
            else if (json.ValueTextEquals("ecstepoch"u8))
                epoch = Number(ref json);
            else if (json.ValueTextEquals("ecstrevision"u8))
                revision = Number(ref json);
            else if (json.ValueTextEquals("dataschema"u8))
                schema = Fingerprint.Parse(Text(ref json)[^(2 * Fingerprint.Size)..]);
            else if (json.ValueTextEquals("ecstfingerprint"u8))
                content = Fingerprint.Parse(Text(ref json));
            else if (json.ValueTextEquals("time"u8))
            {
                json.Read();
                captured = json.GetDateTimeOffset();
            }
            else
                json.Skip();
        return new(
            new()
            {
                Contract = RabbitEvents.Contract.Name,
                Lane = new(RabbitEvents.Destination, 0),
                Key = key,
                Revision = new(epoch, revision),
                Operation = StateOperation.Upsert,
                Codec = "json",
                Schema = schema,
                Content = content,
                Body = data,
                CapturedAt = captured,
                Source = "orders",
            },
            (long)tag
        );
    }

    private static string Text(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString()!;
    }

    private static long Number(ref Utf8JsonReader json)
    {
        json.Read();
        return long.Parse(json.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private readonly record struct Arrived(ulong Tag, byte[] Body);

    private sealed class Consumer(IChannel channel, ChannelWriter<Arrived> inbox) : AsyncDefaultBasicConsumer(channel)
    {
        // The client's buffer is its own.
        public override Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default
        )
        {
            inbox.TryWrite(new(deliveryTag, body.ToArray()));
            return Task.CompletedTask;
        }
    }
}
