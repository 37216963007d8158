using System.Collections.Concurrent;
using System.Diagnostics;
using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;
using Statecast.Contracts;
using Statecast.Replicas.InMemory;
using Statecast.Serialization.Json;
using Statecast.Transport;

namespace Statecast.Benchmarks.Replicas;

/// <summary>The ways to hold a replica in memory. Each block applies all events to an empty one and reads keys at random.</summary>
/// <remarks>Figures: events a second, bytes allocated and nanoseconds of processor time an event, nanoseconds a read that copies a state's bytes (for objects: of the object); ours and the slab also without the copy.</remarks>
internal sealed class MemoryBlocks(ReplicaEvents events)
{
    private const int Reads = 200_000;
    private const int Batch = 2_000;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly int[] _probe = [.. Probe(events.Keys.Length)];

    public async Task<double[]> StatecastAsync()
    {
        var store = new MemoryReplicaStore();
        var copy = new Copy(_buffer);
        return await ReplicaHost.ApplyAsync(
            events,
            int.MaxValue,
            r => r.InMemory(store),
            () =>
                [
                    ReadAll(key =>
                    {
                        store.TryRead(key, copy, static (_, body, to) => to.Take(body));
                        return copy.Length;
                    }),
                    ReadAll(key =>
                    {
                        store.TryRead(key, copy, static (_, body, to) => to.See(body));
                        return copy.Length;
                    }),
                ]
        );
    }

    public double[] Slab()
    {
        var slab = new SlabOfBytes(events.Keys.Length);
        var found = Measure(slab.Apply, key => slab.Read(key, _buffer));
        return [.. found, ReadAll(slab.Find)];
    }

    public double[] Bytes()
    {
        var rows = new ConcurrentDictionary<string, (long Epoch, long Revision, byte[] Body)>(
            1,
            events.Keys.Length,
            StringComparer.Ordinal
        );
        return Measure(
            batch =>
            {
                foreach (var received in batch)
                {
                    var incoming = received.Event!;
                    var revision = incoming.Revision;
                    if (
                        rows.TryGetValue(incoming.Key, out var old)
                        && (old.Epoch, old.Revision).CompareTo((revision.Epoch, revision.Number)) >= 0
                    )
                        continue;
                    rows[incoming.Key] = (revision.Epoch, revision.Number, incoming.Body.ToArray());
                }
            },
            key =>
            {
                if (!rows.TryGetValue(key, out var row))
                    return -1;
                row.Body.CopyTo(_buffer, 0);
                return row.Body.Length;
            }
        );
    }

    public double[] Objects()
    {
        var rows = new ConcurrentDictionary<string, (long Epoch, long Revision, OrderState State)>(
            1,
            events.Keys.Length,
            StringComparer.Ordinal
        );
        var codec = new JsonStateCodec();
        var contract = ContractOf<OrderState>();
        return Measure(
            batch =>
            {
                foreach (var received in batch)
                {
                    var incoming = received.Event!;
                    var revision = incoming.Revision;
                    if (
                        rows.TryGetValue(incoming.Key, out var old)
                        && (old.Epoch, old.Revision).CompareTo((revision.Epoch, revision.Number)) >= 0
                    )
                        continue;
                    rows[incoming.Key] = (revision.Epoch, revision.Number, codec.Decode(contract, incoming.Schema, incoming.Body));
                }
            },
            key => rows.TryGetValue(key, out var row) ? row.State.Lines.Length : -1
        );
    }

    private double[] Measure(Apply apply, Func<string, int> read)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var used = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        for (var at = 0; at < events.Events.Length; at += Batch)
            apply(events.Events.AsSpan(at, Math.Min(Batch, events.Events.Length - at)));
        var ended = Stopwatch.GetTimestamp();
        used = Process.GetCurrentProcess().TotalProcessorTime - used;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var count = (double)events.Events.Length;
        return [count / (Figure.Micros(started, ended) / 1e6), allocated / count, used.TotalNanoseconds / count, ReadAll(read)];
    }

    private double ReadAll(Func<string, int> read)
    {
        // A caller has its key at hand, from a request or a row that it has just read; texts from all over the memory would be waited for, not the replica.
        // The first pass is the compiler's.
        Pass([.. _probe.Select(key => new string(events.Keys[key]))]);
        string[] keys = [.. _probe.Select(key => new string(events.Keys[key]))];
        var started = Stopwatch.GetTimestamp();
        Pass(keys);
        return Figure.Micros(started, Stopwatch.GetTimestamp()) * 1000 / Reads;

        void Pass(string[] keys)
        {
            foreach (var key in keys)
                if (read(key) <= 0)
                    throw new InvalidOperationException($"The key {key} was not found: the comparison would not be fair.");
        }
    }

    private static IEnumerable<int> Probe(int keys)
    {
        var random = new Random(7);
        return Enumerable.Range(0, Reads).Select(_ => random.Next(keys));
    }

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    private delegate void Apply(ReadOnlySpan<ReceivedEvent> batch);

    /// <summary>Where a read puts the bytes.</summary>
    private sealed class Copy(byte[] buffer)
    {
        public int Length { get; private set; }

        /// <summary>Has the bytes in hand, and looks at none of them: what they cost from there on is the reader's.</summary>
        public void See(ReadOnlySpan<byte> body) => Length = body.Length;

        public void Take(ReadOnlySpan<byte> body)
        {
            body.CopyTo(buffer);
            Length = body.Length;
        }
    }
}
