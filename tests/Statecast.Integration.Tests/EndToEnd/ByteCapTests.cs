using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Sqlite.Replicas;
using Statecast.Transport;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>A target whose store stands still while its carrier floods it: what it holds stays under the cap, and everything is applied afterwards.</summary>
public sealed class ByteCapTests
{
    private const int BodyBytes = 10_000;
    private const int BatchBytes = 200_000;
    private const int Events = 2_000;

    [Theory]
    [InlineData(true, 2 * BatchBytes)]
    [InlineData(false, 2 * BatchBytes)]
    // No room for a second batch beside the one that waits.
    [InlineData(true, BatchBytes)]
    [InlineData(false, BatchBytes)]
    public async Task Flooded_target_holds_no_more_than_its_cap(bool inFile, long inFlight)
    {
        var directory = Directory.CreateTempSubdirectory("statecast-cap-");
        var ct = TestContext.Current.CancellationToken;
        try
        {
            await using var store = new HeldStore(
                inFile ? new SqliteReplicaStore(Path.Combine(directory.FullName, "replica.db")) : new MemoryReplicaStore()
            );
            var flood = new Flood();
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddStatecast(
                "tests",
                s =>
                    s.AddTransport("flood", _ => flood)
                        .Configure(o =>
                            (o.Target.MaxBodyBytes, o.Target.MaxBatchBytes, o.Target.MaxBytesInFlight) = (
                                2 * BodyBytes,
                                BatchBytes,
                                inFlight
                            )
                        )
                        .Replica<BlobState>(r => r.In(_ => store))
            );
            using var host = builder.Build();
            await host.StartAsync(ct);
            var status = host.Services.GetRequiredService<IStatecast>().Replicas[0];
            var expected = (int)(inFlight / BatchBytes);
            await Until(() => store.Waiting && flood.Deliveries == expected, ct);
            // Long enough for a target without a cap to take all of it.
            await Task.Delay(300, ct);
            Assert.Equal(expected, flood.Deliveries);
            Assert.InRange(status.BytesInFlight, expected * (BatchBytes - (2 * BodyBytes)), inFlight);
            store.Release();
            await Until(() => status.Counters.Received == Events, ct);
            await Until(() => status.BytesInFlight == 0, ct);
            Assert.InRange(status.PeakBytesInFlight, expected * (BatchBytes - (2 * BodyBytes)), inFlight);
            Assert.Equal(Events, status.Keys);
            await host.StopAsync(ct);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task Until(Func<bool> condition, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(5, deadline.Token);
    }

    /// <summary>A carrier that always has as much as a target takes.</summary>
    private sealed class Flood : ITransport, ITransportReceiver
    {
        private static readonly LaneId Lane = new("test.blob.v1", 0);
        private long _maxBytes;
        private int _next;
        private int _deliveries;
        private bool _opened;

        public string Carrier => "flood";

        public int Deliveries => Volatile.Read(ref _deliveries);

        public TransportAbilities Abilities { get; } =
            new()
            {
                Retained = true,
                ConditionalAppend = true,
                RequestChannel = false,
                DefaultLanes = 1,
            };

        public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
            throw new NotSupportedException("nothing is sent here");

        public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct)
        {
            _maxBytes = options.MaxBytes;
            return new(this);
        }

        public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            if (!_opened)
            {
                _opened = true;
                return new() { Opened = [new(Lane, 1, Events)] };
            }
            if (_next == Events)
                await Task.Delay(Timeout.Infinite, ct);
            var events = new List<ReceivedEvent>();
            for (var bytes = 0L; events.Count < maxEvents && bytes < _maxBytes && _next < Events; _next++)
            {
                var stateEvent = BlobState.Event(Lane, _next, BodyBytes);
                bytes += stateEvent.Body.Length;
                events.Add(new(stateEvent, _next));
            }
            Interlocked.Increment(ref _deliveries);
            return new() { Batches = [new(Lane, events, _next, AtTail: _next == Events)] };
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A store whose batches wait until they are let go.</summary>
    private sealed class HeldStore(IReplicaStore inner) : IReplicaStore
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Waiting { get; private set; }

        public IReplicaInbox Inbox => inner.Inbox;

        public void Release() => _released.SetResult();

        public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) => inner.OpenAsync(layout, ct);

        public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
        {
            if (keys.Count > 0)
            {
                Waiting = true;
                await _released.Task.WaitAsync(ct);
            }
            return await inner.BeginAsync(keys, ct);
        }

        public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

        public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

        public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) =>
            inner.QueryAsync(index, value, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>A contract of these tests.</summary>
[StateContract("test.blob")]
public sealed partial record BlobState([property: StateKey] int Id, string Text)
{
    internal static StateEvent Event(LaneId lane, int id, int bytes)
    {
        var contract = ContractOf<BlobState>();
        var state = new BlobState(id, new string('x', bytes));
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        new Serialization.Json.JsonStateCodec().Encode(contract, state, body);
        return new()
        {
            Contract = contract.Name,
            Lane = lane,
            Key = contract.KeyTextOf(state),
            Revision = new(1, 1),
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = contract.SchemaFingerprint,
            Content = Serialization.ContentFingerprint.Of(contract, state),
            Body = body.WrittenMemory,
            CapturedAt = DateTimeOffset.UnixEpoch,
            Source = "blobs",
        };
    }

    private static StateContract<T> ContractOf<T>()
        where T : class, IStateContract<T> => T.Contract;
}
