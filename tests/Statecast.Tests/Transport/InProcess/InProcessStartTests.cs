using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Statecast.Events;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.Publishing.Explicit;
using Statecast.Replicas.InMemory;
using Statecast.Serialization.Json;
using Statecast.Tests.Hosting;
using Statecast.Transport;
using Statecast.Transport.InProcess;
using Xunit;

namespace Statecast.Tests.Transport.InProcess;

/// <summary>What the start refuses, and under which epoch a source without a database begins.</summary>
public sealed class InProcessStartTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Epoch_is_the_start_in_milliseconds()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await using var mediator = await Mediator.StartAsync();
        var token = await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct);
        Assert.InRange(token.Revision.Epoch, before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task Epoch_is_above_what_the_log_has_seen_though_the_clock_was_set_back()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(1));
        var transport = InProcessTransportTests.New();
        var publication = new Publication<NoteState>(ScriptedTransport.ContractOf<NoteState>(), new());
        await using var sender = await transport.OpenSenderAsync(new("s", [new(publication.Contract, 1, "json")]), Ct);
        var seen = ScriptedTransport.Event(new(1, "a"), 1) with
        {
            Revision = new(5_000, 1),
            Lane = new(publication.Contract.Destination, 0),
        };
        Assert.Equal(SendResult.Confirmed, (await sender.SendAsync([seen], Ct))[0].Result);
        var source = Source(publication, transport, clock);
        await source.PrepareAsync(Ct);
        Assert.Equal(5_001, source.Epoch);
    }

    [Fact]
    public async Task Epoch_is_above_a_floor_that_was_only_said_and_what_it_publishes_arrives()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(1));
        var transport = InProcessTransportTests.New();
        var publication = new Publication<NoteState>(ScriptedTransport.ContractOf<NoteState>(), new());
        var lane = new LaneId(publication.Contract.Destination, 0);
        publication.Bind([new(transport.Carrier, lane.Destination, 1, "json")], [new JsonStateCodec()]);
        await using var sender = await transport.OpenSenderAsync(new("s", [new(publication.Contract, 1, "json")]), Ct);
        // An earlier start that published nothing.
        await sender.SendHeartbeatAsync(
            new()
            {
                Source = "s",
                Destination = lane.Destination,
                Epoch = 5_000,
                LeaseId = Guid.NewGuid(),
                Clock = clock.GetUtcNow(),
                Interval = TimeSpan.FromSeconds(1),
                Ends = [new(lane, 1, 0, 0, new(5_000, 1))],
                FirstRepublishEnded = true,
            },
            Ct
        );
        var source = Source(publication, transport, clock);
        await source.PrepareAsync(Ct);
        Assert.Equal(5_001, source.Epoch);
        Assert.True(source.Publish(source.Accept(StateWrite.Upsert(new NoteState(1, "a")))).Published);
        Assert.Equal(2, (await sender.ReadEndsAsync([lane], Ct))[0].Position);
    }

    [Fact]
    public async Task State_that_the_log_refuses_is_an_error_of_its_publish()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(1));
        var transport = InProcessTransportTests.New();
        var publication = new Publication<NoteState>(ScriptedTransport.ContractOf<NoteState>(), new());
        publication.Bind([new(transport.Carrier, publication.Contract.Destination, 1, "json")], [new JsonStateCodec()]);
        await using var sender = await transport.OpenSenderAsync(new("s", [new(publication.Contract, 1, "json")]), Ct);
        var source = Source(publication, transport, clock);
        await source.PrepareAsync(Ct);
        var newer = ScriptedTransport.Event(new(1, "a"), 1) with
        {
            Revision = new(5_000, 1),
            Lane = new(publication.Contract.Destination, 0),
        };
        await sender.SendAsync([newer], Ct);

        var refused = Assert.Throws<TransportException>(() => source.Publish(source.Accept(StateWrite.Upsert(new NoteState(1, "b")))));
        Assert.Contains("start the process anew", refused.Message);
    }

    private static InProcessSource Source(Publication publication, InProcessTransport transport, TimeProvider clock) =>
        new("s", [publication], () => transport, new NoReplicas(), clock, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    [Fact]
    public async Task Publish_before_the_host_started_says_so()
    {
        await using var mediator = Mediator.Build();
        var error = await Assert.ThrowsAsync<SourceException>(async () => await mediator.Publisher.PublishAsync(new NoteState(1, "a"), Ct));
        Assert.Contains("after AddStatecast", error.Message);
    }

    [Fact]
    public async Task Publish_without_a_carrier_says_which_one_to_add()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(s => s.Publish<NoteState>()));
        Assert.Contains("has no carrier", error.Message);
        error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            StartAsync(s => s.AddTransport("scripted", _ => new ScriptedTransport()).Publish<NoteState>())
        );
        Assert.Contains("'in-process'", error.Message);
    }

    [Fact]
    public async Task Replica_that_outlives_its_source_is_refused()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            StartAsync(s => s.UseInProcess().Publish<NoteState>().Replica<NoteState>(r => r.In(_ => new MemoryReplicaStore())))
        );
        Assert.Contains(".InMemory()", error.Message);
    }

    [Fact]
    public async Task Replica_that_another_carrier_feeds_is_refused()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() =>
            StartAsync(s =>
                s.AddTransport("scripted", _ => new ScriptedTransport())
                    .UseInProcess()
                    .Publish<NoteState>()
                    .Replica<NoteState>(r => r.InMemory())
            )
        );
        Assert.Contains(".From(\"in-process\")", error.Message);
    }

    [Fact]
    public void Contract_declared_twice_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() =>
            new ServiceCollection().AddStatecast("s", s => s.UseInProcess().Publish<NoteState>().Publish<NoteState>())
        );
        Assert.Contains("published already", error.Message);
    }

    [Fact]
    public async Task Contract_that_is_not_published_without_a_database_says_how()
    {
        await using var mediator = await Mediator.StartAsync();
        var error = await Assert.ThrowsAsync<SourceException>(async () =>
            await mediator.Publisher.PublishAsync(new Publishing.Item("a", "b"), Ct)
        );
        Assert.Contains("UseInProcess().Publish<Item>()", error.Message);
        error = await Assert.ThrowsAsync<SourceException>(async () =>
            await mediator.Publisher.PublishAsync([StateWrite.Changed<NoteState>(1)], Ct)
        );
        Assert.Contains("StateWrite.Upsert", error.Message);
    }

    [Fact]
    public async Task Setting_out_of_range_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(s => s.UseInProcess(o => o.MaxHeldBytes = -1)));
        Assert.Contains("Statecast:InProcess: MaxHeldBytes is -1", error.Message);
    }

    [Fact]
    public async Task Second_source_of_a_destination_is_refused()
    {
        var transport = InProcessTransportTests.New();
        var contract = ScriptedTransport.ContractOf<NoteState>();
        await transport.OpenSenderAsync(new("one", [new(contract, 1, "json")]), Ct);
        var error = await Assert.ThrowsAsync<TransportException>(async () =>
            await transport.OpenSenderAsync(new("two", [new(contract, 1, "json")]), Ct)
        );
        Assert.Contains("'one'", error.Message);
    }

    private static async Task StartAsync(Action<StatecastBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStatecast("component", configure);
        using var host = builder.Build();
        await host.StartAsync(Ct);
    }

    private sealed class NoReplicas : IReplicaDirectory
    {
        public bool IsRunning => true;

        public Statecast.Replicas.IReplica<TKey, TState> ReplicaOf<TKey, TState>(string destination)
            where TKey : notnull
            where TState : class => throw new NotSupportedException();

        public Statecast.Consuming.Subscription? SubscriptionOf(string destination) => null;
    }
}
