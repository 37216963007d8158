using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Log;
using Statecast.Benchmarks.Orders;
using Statecast.Benchmarks.Replicas;
using Statecast.Hosting;
using Statecast.RabbitMQ;
using Statecast.RabbitMQ.Transport;
using Statecast.Sqlite;

namespace Statecast.Benchmarks.RabbitMQ;

/// <summary>
/// The ways to read a quorum queue that is full into a replica, from the start to the last event applied. Each block fills it anew before its clock starts. Figures:
/// see <see cref="Metered"/>.
/// </summary>
internal sealed class RabbitReadBlocks(RabbitServer server, RabbitEvents events, string directory)
{
    private const string Bare = "bench.bare";
    private const string Instance = "one";
    private readonly int _keys = events.Events.Select(e => e.Key).Distinct(StringComparer.Ordinal).Count();
    private int _files;

    /// <summary>Ours: a whole target with a replica in memory.</summary>
    public Task<double[]> MemoryAsync() => ApplyAsync(Instance, r => r.InMemory().Instance(Instance));

    /// <summary>The bare consumer into a slab: <see cref="SlabOfBytes"/>.</summary>
    public Task<double[]> BareMemoryAsync() => BareAsync(new SlabOfBytes(_keys).Apply);

    /// <summary>Ours into a file.</summary>
    public async Task<double[]> SqliteAsync()
    {
        var path = NextPath();
        var found = await ApplyAsync(null, r => r.InSqlite(path));
        Remove(path);
        return found;
    }

    /// <summary>The bare consumer into a file with the same table, its commits synced as ours are: what is acknowledged is gone from the broker.</summary>
    public async Task<double[]> BareSqliteAsync()
    {
        var path = NextPath();
        double[] found;
        using (var file = new SortedSqlite(path, synced: true))
            found = await BareAsync(file.Apply);
        Remove(path);
        return found;
    }

    private async Task<double[]> ApplyAsync(string? instance, Action<ReplicaBuilder<OrderState>> keep)
    {
        await MakeQueueAsync(instance);
        await FillAsync(RabbitEvents.Destination);
        var found = await Metered.RunAsync(
            events.Events.Length,
            async done =>
            {
                var builder = BenchmarkHost.CreateBuilder();
                builder.Services.AddStatecast("shipping", s => s.UseRabbitMQ(server.Uri).Replica(keep));
                using var host = builder.Build();
                await host.StartAsync();
                var replica = host.Services.GetRequiredService<IStatecast>().Replicas.Single();
                while (replica.Counters.Received < events.Events.Length)
                    await Task.Delay(1);
                done();
                if (replica.Parked > 0)
                    throw new InvalidOperationException("Events were parked: the comparison would not be fair.");
                await host.StopAsync();
            }
        );
        var prefix = $"{RabbitEvents.Destination}.shipping{(instance is null ? "" : $".{instance}")}";
        await server.RemoveQueuesAsync($"{prefix}.0", $"{prefix}.parked", $"{prefix}.expired");
        return found;
    }

    // The queue of a target that has been here, and is away.
    private async Task MakeQueueAsync(string? instance)
    {
        await using var transport = new RabbitMQTransport(new() { Uri = server.Uri });
        await using var sender = await transport.OpenSenderAsync(new("orders", [new(RabbitEvents.Contract, 1, "json")]), default);
        await using var receiver = await transport.OpenReceiverAsync(
            new("shipping", instance, RabbitEvents.Contract) { InMemory = instance is not null },
            default
        );
        while ((await receiver.ReceiveAsync(1, default)).Opened.Count == 0) { }
    }

    private async Task<double[]> BareAsync(ApplyBatch apply)
    {
        await server.MakeAsync(Bare, Bare);
        await FillAsync(Bare);
        var found = await Metered.RunAsync(events.Messages.Length, () => BareTarget.ReadAsync(server, Bare, events.Messages.Length, apply));
        await server.RemoveQueuesAsync(Bare);
        return found;
    }

    private async Task FillAsync(string exchange)
    {
        await using var publisher = await BarePublisher.OpenAsync(server, RabbitSendBlocks.InFlight);
        foreach (var (properties, body) in events.Messages)
            await publisher.PublishAsync(exchange, "0", properties, body);
        await publisher.FlushAsync();
    }

    private string NextPath() => Path.Combine(directory, $"replica-{_files++}.db");

    private static void Remove(string path)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", ".lock"])
            File.Delete(path + suffix);
    }
}
