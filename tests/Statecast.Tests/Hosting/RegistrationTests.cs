using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Statecast.Consuming;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Replicas;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Hosting;

/// <summary>Wrong declarations are errors that say what mends them, at registration or at start.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void Several_modules_add_to_one_service()
    {
        var services = new ServiceCollection();
        services.AddStatecast("tests", s => s.AddTransport("scripted", _ => new ScriptedTransport()));
        services.AddStatecast("tests", s => s.Replica<NoteState>(r => r.InMemory()));
        Assert.Single(services, s => s.ServiceType == typeof(IStatecast));
        using var provider = services.AddLogging().BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<IReplica<int, NoteState>>());
    }

    [Fact]
    public void Second_service_name_in_one_host_is_refused()
    {
        var services = new ServiceCollection();
        services.AddStatecast("one", _ => { });
        Assert.Contains("'one'", Assert.Throws<InvalidOperationException>(() => services.AddStatecast("two", _ => { })).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("with space")]
    [InlineData("a/b")]
    public void Malformed_service_name_is_refused(string name) =>
        Assert.ThrowsAny<ArgumentException>(() => new ServiceCollection().AddStatecast(name, _ => { }));

    [Fact]
    public void Replica_without_a_store_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() =>
            new ServiceCollection().AddStatecast("tests", s => s.Replica<NoteState>(_ => { }))
        );
        Assert.Contains(".InMemory()", error.Message);
    }

    [Fact]
    public void Second_replica_of_a_contract_is_refused()
    {
        var services = new ServiceCollection();
        Assert.Throws<InvalidOperationException>(() =>
            services.AddStatecast("tests", s => s.Replica<NoteState>(r => r.InMemory()).Replica<NoteState>(r => r.InMemory()))
        );
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Index_entries_in_an_older_form_are_built_anew_and_no_other_replica(bool indexed)
    {
        var services = new ServiceCollection().AddLogging();
        var index = StateIndex.On<NoteState, string>("text", n => n.Text);
        services.AddStatecast(
            "tests",
            s =>
                s.AddTransport("scripted", _ => new ScriptedTransport())
                    .Replica<NoteState>(r => _ = indexed ? r.InMemory().Index(index) : r.InMemory())
        );
        using var provider = services.BuildServiceProvider();
        var layout = provider.GetRequiredService<IReplicaDirectory>().SubscriptionOf("test.note.v1")!.Layout;
        // As it was when entries held plain invariant texts.
        var older = $"test.note.v1\n{StateContract.Of<NoteState>().SchemaFingerprint}\n{string.Join('\n', layout.Indexes)}";
        Assert.Equal(indexed, layout.Hash != Fingerprint.Of(Encoding.UTF8.GetBytes(older)));
    }

    [Fact]
    public void Two_handlers_of_one_name_are_refused() =>
        Assert.Throws<InvalidOperationException>(() =>
            new ServiceCollection().AddStatecast("tests", s => s.Replica<NoteState>(r => r.InMemory().On<Silent>().On<Silent>()))
        );

    [Fact]
    public void Missing_carrier_names_the_package_and_the_call()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddStatecast("tests", s => s.Replica<NoteState>(r => r.InMemory()));
        using var provider = services.BuildServiceProvider();
        var error = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IStatecast>());
        Assert.Contains("UseSqliteLog", error.Message);
        Assert.Contains("Statecast.Sqlite", error.Message);
    }

    [Fact]
    public void Unknown_carrier_names_those_there_are()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddStatecast(
            "tests",
            s => s.AddTransport("scripted", _ => new ScriptedTransport()).Replica<NoteState>(r => r.InMemory().From("kafka"))
        );
        using var provider = services.BuildServiceProvider();
        Assert.Contains("'scripted'", Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IStatecast>()).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Handler_on_a_replica_in_memory_must_say_that_it_may_miss_changes(bool bestEffort)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddStatecast(
            "tests",
            s =>
                s.AddTransport("scripted", _ => new ScriptedTransport())
                    .Replica<NoteState>(r => r.InMemory().On<Silent>(bestEffort: bestEffort))
        );
        using var provider = services.BuildServiceProvider();
        if (bestEffort)
        {
            Assert.Single(provider.GetRequiredService<IStatecast>().Replicas);
            return;
        }
        var error = Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IStatecast>()).Message;
        Assert.Contains("'Silent'", error);
        Assert.Contains("'scripted'", error);
        Assert.Contains(".InSqlite(\"tests.db\")", error);
        Assert.Contains("bestEffort: true", error);
    }

    [Fact]
    public async Task Contract_published_from_two_sources_stops_the_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStatecast(
            "tests",
            s =>
                s.AddTransport("scripted", _ => new ScriptedTransport())
                    .AddSource(_ => new NeverPrepared("OrdersDb"))
                    .AddSource(_ => new NeverPrepared("ArchiveDb"))
        );
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<SourceException>(() => host.StartAsync());
        Assert.Contains($"'{ContractOf<NoteState>().Name}' is published from OrdersDb and from ArchiveDb", error.Message);
    }

    [Fact]
    public async Task Option_out_of_range_stops_the_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Statecast:Target:MaxBatch"] = "0";
        builder.Configuration["Statecast:Relay:LeaseDuration"] = "00:00:01";
        builder.Services.AddStatecast("tests", s => s.AddTransport("scripted", _ => new ScriptedTransport()));
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("Statecast:Target:MaxBatch is 0", error.Message);
        Assert.Contains("Statecast:Relay:LeaseDuration", error.Message);
    }

    [Theory]
    [InlineData("00:00:05.001", "00:00:05", false)]
    [InlineData("00:00:05", "00:00:05", true)]
    public void Relay_drains_no_longer_than_the_whole_service(string relay, string whole, bool valid)
    {
        var options = new StatecastOptions { DrainTimeout = TimeSpan.Parse(whole, CultureInfo.InvariantCulture) };
        options.Relay.DrainTimeout = TimeSpan.Parse(relay, CultureInfo.InvariantCulture);
        var result = new StatecastOptionsValidator().Validate(null, options);
        Assert.Equal(valid, result.Succeeded);
        if (!valid)
            Assert.Equal(
                "Statecast:Relay:DrainTimeout is 00:00:05.0010000, but stopping as a whole ends after Statecast:DrainTimeout, 00:00:05: lower the first or raise the second.",
                result.FailureMessage
            );
    }

    [Fact]
    public void Configuration_wins_over_code_and_code_over_defaults()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Statecast:Handlers:Concurrency"] = "9";
        builder.Services.AddStatecast(
            "tests",
            s => s.Configure(o => (o.Handlers.Concurrency, o.Handlers.MaxAttempts, o.Target.MaxBatch) = (55, 3, 77))
        );
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<StatecastOptions>>().Value;
        Assert.Equal((9, 3, 77), (options.Handlers.Concurrency, options.Handlers.MaxAttempts, options.Target.MaxBatch));
    }

    [Theory]
    [InlineData("Statecast:Target:MaxBatsh", "100", "MaxBatsh")]
    [InlineData("Statecast:Tarket:MaxBatch", "100", "Tarket")]
    [InlineData("Statecast:Relay:LeaseDuration", "abc", "Statecast:Relay:LeaseDuration")]
    [InlineData("Statecast:Target:ReadTimeout", "5", "'5' at 'Statecast:Target:ReadTimeout'")]
    [InlineData("Statecast:LoopTimeout", "15", "A bare number would be that many days")]
    public async Task Configuration_that_does_not_fit_stops_the_start(string key, string value, string named)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration[key] = value;
        builder.Services.AddStatecast("tests", s => s.AddTransport("scripted", _ => new ScriptedTransport()));
        using var host = builder.Build();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(named, error.Message);
        Assert.Contains("The configuration section Statecast cannot be used.", error.Message);
    }

    private static StateContract<TState> ContractOf<TState>()
        where TState : class, IStateContract<TState> => TState.Contract;

    private sealed class NeverPrepared(string name) : IStateSource
    {
        public string Name => name;

        public IReadOnlyList<Publication> Publications { get; } = [new Publication<NoteState>(ContractOf<NoteState>(), new())];

        public ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct) => throw new NotSupportedException();

        public IOutboxStore OpenOutbox() => throw new NotSupportedException();

        public ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct) =>
            throw new NotSupportedException();

        public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct) => throw new NotSupportedException();
    }

    private sealed class Silent : IStateHandler<NoteState>
    {
        public Task HandleAsync(StateChange<NoteState> change, CancellationToken ct) => Task.CompletedTask;
    }
}
