using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.Orders;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Transport;

namespace Statecast.Benchmarks.Kafka;

/// <summary>A target that begins with nothing: every key once, and how much memory it takes beside what it keeps.</summary>
internal sealed class BootstrapBlock(KafkaBroker broker, int keys)
{
    private const int BatchEvents = 1_000;
    private const int BatchesInFlight = 8;
    private const int Bodies = 1_000;
    private const double MiB = 1 << 20;

    /// <summary>Fills the topic. Bodies are few and used again: nothing reads them here.</summary>
    public async Task FillAsync()
    {
        await broker.RemoveAsync(KafkaEvents.Topic, KafkaEvents.Control);
        await using var transport = new KafkaTransport(new KafkaOptions { BootstrapServers = broker.Servers });
        var contract = KafkaEvents.ContractOf<OrderState>();
        await using var sender = await transport.OpenSenderAsync(new("orders", [new(contract, KafkaEvents.Lanes, "json")]), default);
        var bodies = Enumerable.Range(0, Bodies).Select(i => OrderJson.Serialize(OrderMaker.Make(i, 2).ToState())).ToArray();
        var lease = Guid.NewGuid();
        var under = new Queue<Task<IReadOnlyList<SendOutcome>>>();
        for (var at = 0; at < keys; at += BatchEvents)
        {
            if (under.Count == BatchesInFlight)
                SendBlocks.Check(await under.Dequeue());
            var batch = new List<StateEvent>();
            for (var i = at; i < Math.Min(keys, at + BatchEvents); i++)
            {
                var key = new Guid(i, 7, 11, 1, 2, 3, 4, 5, 6, 7, 8).ToString();
                batch.Add(
                    new()
                    {
                        Contract = contract.Name,
                        Lane = new(contract.Destination, KeyText.Lane(key, KafkaEvents.Lanes)),
                        Key = key,
                        Revision = new(1, 1),
                        Operation = StateOperation.Upsert,
                        Codec = "json",
                        Schema = contract.SchemaFingerprint,
                        Body = bodies[i % Bodies],
                        CapturedAt = DateTimeOffset.UnixEpoch,
                        Source = "orders",
                        LeaseId = lease,
                        LaneNumber = i + 1,
                    }
                );
            }
            under.Enqueue(sender.SendAsync(batch, default).AsTask());
        }
        while (under.TryDequeue(out var last))
            SendBlocks.Check(await last);
    }

    /// <summary>Events a second; MiB that the full replica keeps; MiB of the process at its peak beyond that and beyond what it had before.</summary>
    public async Task<double[]> RunAsync()
    {
        var builder = BenchmarkHost.CreateBuilder();
        builder.Services.AddStatecast("shipping", s => s.UseKafka(broker.Servers).Replica<OrderState>(r => r.InMemory()));
        using var host = builder.Build();
        // What the filling left goes back to the system: else it would hide what is taken now.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var (kept, resident) = (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
        var peak = resident;
        var started = Stopwatch.GetTimestamp();
        await host.StartAsync();
        var replica = host.Services.GetRequiredService<IStatecast>().Replicas.Single();
        while (replica.Counters.Received < keys)
        {
            peak = Math.Max(peak, Environment.WorkingSet);
            await Task.Delay(1);
        }
        var rate = keys / (Figure.Micros(started, Stopwatch.GetTimestamp()) / 1e6);
        peak = Math.Max(peak, Environment.WorkingSet);
        var own = GC.GetTotalMemory(forceFullCollection: true) - kept;
        await host.StopAsync();
        return [rate, own / MiB, (peak - resident - own) / MiB];
    }
}
