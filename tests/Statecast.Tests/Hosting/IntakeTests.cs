using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Statecast.Serialization;
using Statecast.Serialization.Json;
using Statecast.Transport;
using Xunit;

namespace Statecast.Tests.Hosting;

/// <summary>What a target takes in while its store commits, and how much at once.</summary>
public sealed class IntakeTests
{
    private const int Usual = 4;
    private const int Most = 16;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Next_batch_is_decoded_while_one_commits_and_batches_grow_only_while_behind()
    {
        var backlog = new Backlog(47);
        var codec = new CountingCodec();
        await using var store = new HeldStore(new MemoryReplicaStore());
        using var host = Build(backlog, codec, store);
        await host.StartAsync(Ct);
        var status = host.Services.GetRequiredService<IStatecast>().Replicas[0];

        await TargetHost.Until(() => store.Committing);
        await TargetHost.Until(() => codec.Decodes >= Usual + (2 * Usual));
        // One batch ahead, and no more: long enough for another.
        await Task.Delay(100, Ct);
        Assert.Equal(Usual + (2 * Usual), codec.Decodes);
        Assert.Equal([Usual], store.Units);

        store.Release();
        await TargetHost.Until(() => status.Keys == 47);
        // The tail was found: what comes now is taken in small batches again.
        backlog.Add(10);
        await TargetHost.Until(() => status.Keys == 57);
        Assert.Equal([Usual, 2 * Usual, Most, Most, 3, Usual, 6], store.Units);
        // What was read ahead is not read again.
        Assert.Equal(57, codec.Decodes);
        await host.StopAsync(Ct);
    }

    private static IHost Build(Backlog backlog, CountingCodec codec, HeldStore store)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IStateCodec>(codec);
        builder.Services.AddStatecast(
            "tests",
            s =>
                s.AddTransport("backlog", _ => backlog)
                    .Configure(o => (o.Target.MaxBatch, o.Target.MaxCatchUpBatch) = (Usual, Most))
                    .Replica<NoteState>(r => r.In(_ => store))
        );
        return builder.Build();
    }

    /// <summary>A carrier with so many events, which hands out as many as it is asked for.</summary>
    private sealed class Backlog(int end) : ITransport, ITransportReceiver
    {
        private readonly SemaphoreSlim _added = new(0);
        private int _end = end;
        private int _next;
        private bool _opened;

        public string Carrier => "backlog";

        public TransportAbilities Abilities { get; } =
            new()
            {
                Retained = true,
                ConditionalAppend = true,
                RequestChannel = false,
                DefaultLanes = 1,
            };

        public void Add(int count)
        {
            _end += count;
            _added.Release();
        }

        public ValueTask<ITransportSender> OpenSenderAsync(SenderOptions options, CancellationToken ct) =>
            throw new TransportException("nothing is sent here");

        public ValueTask<ITransportReceiver> OpenReceiverAsync(ReceiverOptions options, CancellationToken ct) => new(this);

        public async ValueTask<Delivery> ReceiveAsync(int maxEvents, CancellationToken ct)
        {
            if (!_opened)
            {
                _opened = true;
                return new() { Opened = [new(ScriptedTransport.Lane, 1, _end)] };
            }
            if (_next == _end)
                await _added.WaitAsync(ct);
            var events = new List<ReceivedEvent>();
            for (; events.Count < maxEvents && _next < _end; _next++)
                events.Add(new(ScriptedTransport.Event(new(_next, "x"), 1) with { Codec = CountingCodec.CodecName }, _next));
            return new() { Batches = [new(ScriptedTransport.Lane, events, _next, AtTail: _next == _end)] };
        }

        public ValueTask SeekAsync(LaneId lane, long position, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask AcknowledgeAsync(Delivery delivery, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class CountingCodec : IStateCodec
    {
        public const string CodecName = "counting";
        private readonly JsonStateCodec _inner = new();
        private int _decodes;

        public int Decodes => Volatile.Read(ref _decodes);

        public string Name => CodecName;

        public string ContentType => _inner.ContentType;

        public void Encode<TState>(StateContract<TState> contract, TState state, System.Buffers.IBufferWriter<byte> destination)
            where TState : class => _inner.Encode(contract, state, destination);

        public TState Decode<TState>(StateContract<TState> contract, Fingerprint schema, ReadOnlyMemory<byte> body)
            where TState : class
        {
            Interlocked.Increment(ref _decodes);
            return _inner.Decode(contract, schema, body);
        }

        public bool TryEncodePatch<TState>(
            StateContract<TState> contract,
            TState before,
            TState after,
            int bodyBytes,
            System.Buffers.IBufferWriter<byte> destination
        )
            where TState : class => _inner.TryEncodePatch(contract, before, after, bodyBytes, destination);

        public TState ApplyPatch<TState>(StateContract<TState> contract, TState before, Fingerprint schema, ReadOnlyMemory<byte> patch)
            where TState : class => _inner.ApplyPatch(contract, before, schema, patch);
    }

    /// <summary>Writes down how many keys each unit had, and commits none before it is released.</summary>
    private sealed class HeldStore(IReplicaStore inner) : IReplicaStore
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _committing;

        public bool Committing => _committing;

        /// <summary>Read while the loop stands still.</summary>
        public List<int> Units { get; } = [];

        public IReplicaInbox Inbox => inner.Inbox;

        public void Release() => _released.SetResult();

        public ValueTask<ReplicaContents> OpenAsync(ReplicaLayout layout, CancellationToken ct) => inner.OpenAsync(layout, ct);

        public async ValueTask<IReplicaUnit> BeginAsync(IReadOnlyCollection<string> keys, CancellationToken ct)
        {
            var unit = await inner.BeginAsync(keys, ct);
            if (keys.Count == 0)
                return unit;
            Units.Add(keys.Count);
            return new HeldUnit(unit, this);
        }

        public ValueTask<ReplicaRow?> FindAsync(string key, CancellationToken ct) => inner.FindAsync(key, ct);

        public IAsyncEnumerable<ReplicaRow> EnumerateAsync(CancellationToken ct) => inner.EnumerateAsync(ct);

        public IAsyncEnumerable<ReplicaRow> QueryAsync(string index, string value, CancellationToken ct) =>
            inner.QueryAsync(index, value, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private sealed class HeldUnit(IReplicaUnit unit, HeldStore store) : IReplicaUnit
        {
            public ReplicaRow? Find(string key) => unit.Find(key);

            public ParkedEvent? FindParked(string key) => unit.FindParked(key);

            public WaitingPatches Waiting => unit.Waiting;

            public IReadOnlyList<StateEvent> FindWaiting(string key) => unit.FindWaiting(key);

            public StoredBody? FindBody(string key) => unit.FindBody(key);

            public async ValueTask CommitAsync(ReplicaPlan plan, CancellationToken ct)
            {
                store._committing = true;
                await store._released.Task.WaitAsync(ct);
                await unit.CommitAsync(plan, ct);
            }

            public ValueTask DisposeAsync() => unit.DisposeAsync();
        }
    }
}
