using System.Buffers;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using RabbitMQ.Client;
using Statecast.Benchmarks.Orders;
using Statecast.Benchmarks.Replicas;
using Statecast.Serialization;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>
/// What one would write to copy a table's states once: a query read through, each state published, consumed and stored in batches. Nobody's changes are waited for, and
/// nothing is kept of what was said.
/// </summary>
internal static class BulkCopy
{
    private const string Queue = "bench.copy";

    public static async Task RunAsync(RabbitServer server, IDbContextFactory<StatecastOrdersDb> contexts, int states, string path)
    {
        await server.MakeAsync(Queue, Queue);
        using var file = new SortedSqlite(path, synced: true);
        await Task.WhenAll(PublishAsync(server, contexts, states), BareTarget.ReadAsync(server, Queue, states, file.Apply));
        await server.RemoveQueuesAsync(Queue);
    }

    private static async Task PublishAsync(RabbitServer server, IDbContextFactory<StatecastOrdersDb> contexts, int states)
    {
        await using var publisher = await BarePublisher.OpenAsync(server, RabbitSendBlocks.InFlight);
        await using var db = await contexts.CreateDbContextAsync();
        await foreach (var order in db.Orders.AsNoTracking().Include(o => o.Lines).AsAsyncEnumerable())
            // Not those that were saved since.
            if (OrderMaker.NumberOf(order.Id) < states)
                await publisher.PublishAsync(
                    Queue,
                    "0",
                    new() { DeliveryMode = DeliveryModes.Persistent, ContentType = "application/json" },
                    MessageOf(order.ToState())
                );
        await publisher.FlushAsync();
    }

    // What the table needs.
    private static ReadOnlyMemory<byte> MessageOf(OrderState state)
    {
        var buffer = new ArrayBufferWriter<byte>(2_048);
        using var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("subject"u8, state.OrderId);
        json.WriteString("ecstepoch"u8, "1"u8);
        json.WriteString("ecstrevision"u8, "1"u8);
        json.WriteString("dataschema"u8, RabbitEvents.Contract.SchemaFingerprint.ToString());
        json.WriteString("ecstfingerprint"u8, default(Fingerprint).ToString());
        json.WriteString("time"u8, DateTimeOffset.UnixEpoch);
        json.WritePropertyName("data"u8);
        JsonSerializer.Serialize(json, state, OrderJson.Default.OrderState);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
