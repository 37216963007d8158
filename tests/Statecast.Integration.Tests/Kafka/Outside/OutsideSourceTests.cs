using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.Kafka.Outside;

/// <summary>A source written in Python after the wire format alone: a target takes it for any other.</summary>
[Collection(KafkaCollection.Name)]
public sealed class OutsideSourceTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const string Topic = "e2e.note.v1";
    private const string Service = "python-notes";
    private const int Partitions = 8;
    private string _servers = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        OutsideProgram.Require();
        _servers = await kafka.EmptyAsync();
        await OutsideProgram.PythonAsync("outside_source.py", ["create", _servers, Topic, $"{Partitions}", Service]);
    }

    [Fact]
    public async Task States_reach_a_replica_which_the_heartbeat_makes_live()
    {
        await PublishAsync(
            Upsert(1, revision: 1, "first"),
            Upsert(2, revision: 1, "to be deleted"),
            Upsert(1, revision: 3, "newest"),
            Upsert(1, revision: 2, "late"),
            new
            {
                key = (int[])[2],
                epoch = 7,
                revision = 2,
                op = "delete",
            }
        );
        using var shop = new NotesShop { Carrier = s => s.UseKafka(_servers) };
        using var target = await shop.StartTargetAsync<NoteState>();
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        await NotesShop.UntilAsync(() => Status(target).State == ReplicaState.Live);
        // Not partial reads: what is absent is known to be.
        Assert.Equal("newest", (await replica.GetAsync(1, ct: Ct))?.Text);
        Assert.Null(await replica.GetAsync(2, ct: Ct));
        await NotesShop.StopAsync(target);
    }

    [Theory]
    [InlineData("ce_specversion")]
    [InlineData("ce_source")]
    [InlineData("ce_type")]
    [InlineData("ce_subject")]
    [InlineData("ce_ecstop")]
    [InlineData("ce_ecstepoch")]
    [InlineData("ce_ecstrevision")]
    public async Task State_without_a_required_attribute_is_parked_and_delays_its_own_key_alone(string missing)
    {
        await PublishAsync(Upsert(1, revision: 1, "bad", without: missing), Upsert(2, revision: 1, "good"));
        using var shop = new NotesShop { Carrier = s => s.UseKafka(_servers) };
        using var target = await shop.StartTargetAsync<NoteState>();
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => Status(target).State == ReplicaState.Live);
        var parked = Assert.Single(await statecast.Parked.EventsAsync(Topic, Ct).ToListAsync(Ct));
        Assert.Equal("1", parked.Key);
        Assert.Contains(missing["ce_".Length..], parked.Reason, StringComparison.Ordinal);
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        Assert.Equal("good", (await replica.GetAsync(2, ct: Ct))?.Text);

        await PublishAsync(Upsert(1, revision: 2, "mended"));
        await NotesShop.UntilAsync(() => Status(target).Parked == 0);
        Assert.Equal("mended", (await replica.GetAsync(1, ct: Ct))?.Text);
        await NotesShop.StopAsync(target);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static object Upsert(int id, long revision, string text, params string[] without) =>
        new
        {
            key = (int[])[id],
            epoch = 7,
            revision,
            op = "upsert",
            state = new { id, text },
            without,
        };

    private static ReplicaStatus Status(IHost target) => target.Services.GetRequiredService<IStatecast>().Replicas.Single();

    private async Task PublishAsync(params object[] events)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _servers }).Build();
        var topic = (await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([Topic]))).TopicDescriptions.Single();
        await OutsideProgram.PythonAsync(
            "outside_source.py",
            ["publish", _servers, Topic, $"{Partitions}", Service, topic.TopicId.ToString()],
            string.Join('\n', events.Select(e => JsonSerializer.Serialize(e)))
        );
    }
}
