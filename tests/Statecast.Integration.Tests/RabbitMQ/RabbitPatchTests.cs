using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Statecast.Conformance.Registry;
using Statecast.EntityFrameworkCore;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.RabbitMQ;
using Statecast.Replicas;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>Partial updates over RabbitMQ, from a database to a replica.</summary>
[Collection(RabbitHostCollection.Name)]
public sealed class RabbitPatchTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private const string Destination = "e2e.page.v1";
    private static readonly string Long = new('x', 500);
    private readonly NotesShop _shop = new();
    private RabbitPlace? _place;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _place = await rabbit.PlaceAsync();

    public async ValueTask DisposeAsync()
    {
        _shop.Dispose();
        if (_place is not null)
            await _place.DisposeAsync();
    }

    [Theory, InlineData("json"), InlineData("avro")]
    public async Task Patches_travel_and_the_full_state_is_asked_for_where_one_does_not_fit(string codec)
    {
        await using var registry = StandInRegistry.Start();
        using var host = await StartAsync(codec == "avro" ? registry.Url : null);
        await NotesShop.UntilAsync(() => Status(host).State == ReplicaState.Live);
        await using var connection = await _place!.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var copies = (await channel.QueueDeclareAsync(cancellationToken: Ct)).QueueName;
        await channel.QueueBindAsync(copies, Destination, "0", cancellationToken: Ct);

        await NotesShop.SaveAsync(host, db => db.Add(new Note { Id = 1, Text = Long }));
        await NotesShop.IdleAsync(host, host);
        foreach (var mood in new[] { "one", "two" })
        {
            await NotesShop.SaveAsync(host, db => db.Notes.Single().Mood = mood);
            await NotesShop.IdleAsync(host, host);
            await UntilIsAsync(host, mood);
        }
        Assert.Equal(["upsert", "patch", "patch"], await OperationsAsync(channel, copies, codec));
        Assert.Equal(codec, _shop.Text("replica.db", $"SELECT codec FROM \"statecast_rows.{Destination}\""));

        // A state that is not the source's: found by the fingerprint of the next patch, and mended by this target's own question.
        _shop.Change(
            "replica.db",
            $"UPDATE \"statecast_rows.{Destination}\" SET body = cast(substr(body, 1, 200) || x'7979' || substr(body, 203) AS blob)"
        );
        Assert.Equal(Long.Length, (await Replica(host).GetAsync(1, ct: Ct))!.Text.Length);
        Assert.Contains("xyyx", (await Replica(host).GetAsync(1, ct: Ct))!.Text, StringComparison.Ordinal);
        await NotesShop.SaveAsync(host, db => db.Notes.Single().Mood = "found");
        await UntilIsAsync(host, "found");
        await NotesShop.UntilAsync(() => Status(host).Waiting == default);
        // The answer is for everybody: whoever has the patch's base supersedes it.
        Assert.Equal(["patch", "snapshot"], await OperationsAsync(channel, copies, codec));
        await NotesShop.StopAsync(host);
    }

    private static ReplicaStatus Status(IHost host) => host.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private static IReplica<int, PageState> Replica(IHost host) => host.Services.GetRequiredService<IReplica<int, PageState>>();

    private static Task UntilIsAsync(IHost host, string mood) =>
        RabbitProbes.UntilAsync(async () =>
            Equals(new PageState(1, Long, mood), await Replica(host).GetAsync(1, options: ReadOptions.Partial, ct: Ct))
        );

    /// <summary>What was sent to everybody since the last look, each in the format that is expected: in Avro the attributes are headers.</summary>
    private static async Task<IReadOnlyList<string>> OperationsAsync(IChannel channel, string queue, string codec)
    {
        var operations = new List<string>();
        while (await channel.BasicGetAsync(queue, autoAck: true, Ct) is { } message)
            if (
                message.BasicProperties.Headers is { } headers
                && headers.TryGetValue("cloudEvents_ecstop", out var value)
                && value is byte[] header
            )
            {
                Assert.Equal("application/avro", message.BasicProperties.ContentType);
                Assert.Equal("avro", codec);
                operations.Add(Encoding.UTF8.GetString(header));
            }
            else if (message.BasicProperties.ContentType?.Contains("json", StringComparison.Ordinal) == true)
            {
                using var json = JsonDocument.Parse(message.Body);
                if (!json.RootElement.TryGetProperty("ecstop", out var operation))
                    continue;
                Assert.Equal("json", codec);
                operations.Add(operation.GetString()!);
            }
        return operations;
    }

    private async Task<IHost> StartAsync(string? registry)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Configuration["Statecast:Relay:HeartbeatInterval"] = "00:00:00.200";
        builder.Services.AddDbContext<NotesDb>(o =>
            o.UseSqlite($"Data Source={_shop.Database}").ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning))
        );
        builder.Services.AddStatecast(
            "pages",
            s =>
                s.UseRabbitMQ(
                        _place!.Address,
                        o =>
                        {
                            o.TopologyLookInterval = TimeSpan.FromMilliseconds(300);
                            if (registry is not null)
                                o.Registry(registry, r => r.AutoRegister = true);
                        }
                    )
                    .UseSqliteDatabase()
                    .FromDbContext<NotesDb>(db => db.Publish<Note, PageState>(n => new(n.Id, n.Text, n.Mood)).Patches())
                    .Replica<PageState>(r => r.InSqlite(_shop.File("replica.db")))
        );
        var host = builder.Build();
        using (var scope = host.Services.CreateScope())
            await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync(Ct);
        await host.StartAsync(Ct);
        return host;
    }
}
