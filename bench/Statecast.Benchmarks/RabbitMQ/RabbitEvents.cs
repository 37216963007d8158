using System.Buffers;
using System.Text.Json;
using RabbitMQ.Client;
using Statecast.Benchmarks.Orders;
using Statecast.Benchmarks.Replicas;
using Statecast.Contracts;
using Statecast.Events;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>The events of the suite, in one lane, and the messages that carry them; all made before the clock starts.</summary>
internal sealed class RabbitEvents
{
    private const string JsonType = "application/json";

    public RabbitEvents(int keys, int count)
    {
        var lease = Guid.NewGuid();
        var prepared = new ReplicaEvents(keys, count);
        Events = new StateEvent[count];
        for (var i = 0; i < count; i++)
            Events[i] = prepared.Events[i].Event! with { LeaseId = lease, LaneNumber = i + 1 };
        Messages = [.. Events.Select(MessageOf)];
    }

    /// <summary>The exchange that ours go to, and what all its other names begin with.</summary>
    public static string Destination => Contract.Destination;

    public static StateContract<OrderState> Contract { get; } = ContractOf<OrderState>();

    public StateEvent[] Events { get; }

    /// <summary>What the bare client is given.</summary>
    public (BasicProperties Properties, ReadOnlyMemory<byte> Body)[] Messages { get; }

    /// <summary>An event as the structured message that ours is, byte for byte.</summary>
    private static (BasicProperties, ReadOnlyMemory<byte>) MessageOf(StateEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>(e.Body.Length + 1_024);
        using var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true });
        json.WriteStartObject();
        foreach (var (name, value) in CloudEventAttributes.Of(e, JsonType))
            json.WriteString(name, value);
        json.WritePropertyName("data");
        json.WriteRawValue(e.Body.Span, skipInputValidation: true);
        json.WriteEndObject();
        json.Flush();
        return (
            new()
            {
                MessageId = EventId.For(e).ToString(),
                ContentType = "application/cloudevents+json; charset=utf-8",
                DeliveryMode = DeliveryModes.Persistent,
                Type = e.Lane.Destination,
                AppId = e.Source,
            },
            buffer.WrittenSpan.ToArray()
        );
    }

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;
}
