using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Kafka.Transport;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A source and its target over Kafka: written to while something befalls them, and held to every promise afterwards.</summary>
internal sealed class KafkaPair : IAsyncDisposable
{
    private const int Keys = 30;
    private readonly List<IHost> _hosts = [];
    private readonly Action<KafkaOptions>? _configure;

    // The next host's.
    private CountedTransport? _carrier;
    private string _servers;
    private readonly string _readers;
    private RevisionWatch? _watch;
    private int _written;
    private int _newcomers;

    private KafkaPair(string servers, string sender, string reader, Action<KafkaOptions>? configure)
    {
        (_servers, _readers, _configure) = (sender, reader, configure);
        Notes = new(
            servers,
            (o, _) => _configure?.Invoke(o),
            carry: (s, settings) =>
            {
                var options = new KafkaOptions { BootstrapServers = _servers };
                settings(options);
                var relay = new Outbox.RelayOptions
                {
                    HeartbeatInterval = TimeSpan.FromMilliseconds(200),
                    DeliveryTimeout = TimeSpan.FromSeconds(2),
                };
                if (options.HasRegistry)
                    s.Services.AddSchemaRegistry(_ => options.SchemaRegistry);
                s.AddTransport(
                        KafkaTransport.CarrierName,
                        services => _carrier = new(new KafkaTransport(options, relay, services.GetService<RegisteredSchemas>()))
                    )
                    .Configure(o => o.Relay.BackoffCap = TimeSpan.FromMilliseconds(500));
            }
        );
    }

    public KafkaNotes Notes { get; }

    public IHost Source { get; private set; } = null!;

    public IHost Target { get; private set; } = null!;

    /// <summary>What became of the source's sends.</summary>
    public CountedTransport Sent { get; private set; } = null!;

    /// <summary>What the target received.</summary>
    public CountedTransport Received { get; private set; } = null!;

    /// <summary>How many events wait at the source.</summary>
    public long Unsent => NotesPromises.Unsent(Notes.Shop);

    /// <summary>On brokers without any topic of ours.</summary>
    /// <param name="servers">Where they are found.</param>
    /// <param name="sender">Where the source finds them, if elsewhere.</param>
    /// <param name="configure">Changes the carrier's settings.</param>
    /// <param name="reader">Where targets find them, if elsewhere.</param>
    public static async Task<KafkaPair> StartAsync(
        string servers,
        string? sender = null,
        Action<KafkaOptions>? configure = null,
        string? reader = null
    )
    {
        await KafkaFixture.EmptyAsync(servers);
        var pair = new KafkaPair(servers, sender ?? servers, reader ?? servers, configure);
        try
        {
            pair.Source = pair.Add(await pair.Notes.Shop.StartSourceAsync());
            pair.Sent = pair._carrier!;
            pair._servers = pair._readers;
            pair.Target = await pair.StartTargetAsync("target.db");
            pair.Received = pair._carrier!;
            await NotesShop.IdleAsync(pair.Source, pair.Target);
            pair._watch = new(pair.Notes.Shop.File("target.db"));
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes: notes are added, changed and removed in turns.</summary>
    public async Task WriteAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var number = ++_written;
            await NotesShop.SaveAsync(Source, db => NotesPromises.Change(db, number % Keys + 1, number));
            await Task.Delay(5);
        }
    }

    /// <summary>Brings a fault about while writes go on.</summary>
    public Task UnderLoadAsync(Func<Task> fault) => NotesPromises.UnderLoadAsync(() => WriteAsync(1), fault);

    /// <summary>Waits for what a fault or its end brings about.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!condition())
        {
            Assert.True(
                DateTime.UtcNow < deadline,
                $"It did not come within a minute: {_written} written, {Unsent} unsent; {Sent.Confirmed} sent, {Sent.Failed} failed, {Sent.Unknown} unknown: {Sent.Reason}"
            );
            await Task.Delay(20);
        }
    }

    /// <summary>
    /// Every promise: what was captured is sent, the replica equals the source's rows by text, and its heads by revision and deletion; no key ever went backwards; the
    /// last word of every key in the topic is its newest; a newcomer is equal too.
    /// </summary>
    public async Task RequireAsync()
    {
        var file = $"newcomer{++_newcomers}.db";
        var newcomer = await StartTargetAsync(file);
        await KafkaNotes.AssertEqualAsync(Source, Target, newcomer);
        _hosts.Remove(newcomer);
        await NotesShop.StopAsync(newcomer);
        await UntilAsync(() => Unsent == 0);
        NotesPromises.RequireHeads(Notes.Shop, "target.db", file);
        _watch!.RequireNoneFell();
        await UntilAsync(Notes.NewestAreLast);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
            await _watch.DisposeAsync();
        _hosts.Reverse();
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        Notes.Dispose();
    }

    /// <summary>Another target.</summary>
    public async Task<IHost> StartTargetAsync(string file) => Add(await Notes.Shop.StartTargetAsync<NoteState>(file));

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }
}
