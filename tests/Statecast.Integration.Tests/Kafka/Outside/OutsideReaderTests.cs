using System.Text.Json;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Kafka;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Kafka.Outside;

/// <summary>What a source publishes, read by programs of others.</summary>
[Collection(KafkaCollection.Name)]
public sealed class OutsideReaderTests(KafkaFixture kafka) : IAsyncLifetime
{
    private const string Topic = "e2e.note.v1";
    private string _servers = "";

    public async ValueTask InitializeAsync()
    {
        OutsideProgram.Require();
        _servers = await kafka.EmptyAsync();
        await PublishAsync(_ => { });
    }

    [Fact]
    public async Task Kcat_reads_headers_keys_bodies_and_tombstones()
    {
        var lines = await OutsideProgram.KcatAsync("-b", _servers, "-C", "-t", Topic, "-o", "beginning", "-e", "-q", "-J");
        var records = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Record.Parse).ToList();
        Assert.Equal(22, records.Count);
        Assert.All(records, r => Assert.Equal(KeyText.Lane(r.Key, 8), r.Partition));
        Assert.All(
            records,
            r => Assert.Equal((r.Key, Topic, "notes", "1.0"), (r.Of("subject"), r.Of("type"), r.Of("source"), r.Of("specversion")))
        );

        var changed = records.Last(r => r.Key == "2");
        Assert.Equal("upsert", changed.Of("ecstop"));
        Assert.Equal("application/json", changed.Headers["content-type"]);
        Assert.Equal("""{"id":2,"text":"changed"}""", changed.Body);
        Assert.True(long.Parse(changed.Of("ecstrevision"), null) > long.Parse(records.First(r => r.Key == "2").Of("ecstrevision"), null));

        var deleted = records.Last(r => r.Key == "3");
        Assert.Equal("delete", deleted.Of("ecstop"));
        Assert.Null(deleted.Body);
        Assert.DoesNotContain("content-type", deleted.Headers.Keys);
    }

    [Fact]
    public async Task Kcat_reads_the_sources_name_and_its_word_from_the_control_topic()
    {
        var lines = await OutsideProgram.KcatAsync("-b", _servers, "-C", "-t", $"{Topic}.control", "-o", "beginning", "-e", "-q", "-J");
        var records = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Record.Parse).ToList();
        Assert.Equal(("source", "notes"), (records[0].Key, records[0].Body));
        using var word = JsonDocument.Parse(records.Last(r => r.Key == "heartbeat").Body!);
        Assert.Equal(Topic, word.RootElement.GetProperty("destination").GetString());
        var epoch = word.RootElement.GetProperty("epoch").GetInt64();
        Assert.Single(records, r => r.Key == $"floor/{epoch}");
        Assert.Equal(22, word.RootElement.GetProperty("ends").EnumerateArray().Sum(e => e.GetProperty("position").GetInt64()));
    }

    [Fact]
    public async Task Python_makes_a_replica_that_equals_the_source() =>
        AssertEqual(await OutsideProgram.PythonAsync("outside_reader.py", [_servers, Topic]));

    [Fact]
    public async Task Python_reads_avro_by_the_registrys_schema()
    {
        OutsideProgram.RequireAvro();
        await KafkaFixture.EmptyAsync(_servers);
        await using var registry = StandInRegistry.Start();
        await PublishAsync(o => o.Registry(registry.Url, r => r.AutoRegister = true));
        AssertEqual(await OutsideProgram.PythonAsync("outside_reader.py", [_servers, Topic, registry.Url]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Twenty notes, one changed, one removed, each sent before the next.</summary>
    private async Task PublishAsync(Action<KafkaOptions> configure)
    {
        using var shop = new NotesShop { Carrier = s => s.UseKafka(_servers, configure).UseSqliteDatabase() };
        using var source = await shop.StartSourceAsync();
        using var target = await shop.StartTargetAsync<NoteState>();
        foreach (
            var change in (Action<NotesDb>[])
                [
                    db => db.AddRange(Enumerable.Range(1, 20).Select(i => new Note { Text = $"note {i} — \"ü\"" })),
                    db => db.Notes.Single(n => n.Id == 2).Text = "changed",
                    db => db.Remove(db.Notes.Single(n => n.Id == 3)),
                ]
        )
        {
            await NotesShop.SaveAsync(source, change);
            await NotesShop.IdleAsync(source, target);
        }
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    private static void AssertEqual(string printed)
    {
        using var replica = JsonDocument.Parse(printed);
        var states = replica.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        Assert.Equal(20, states.Count);
        Assert.Equal("changed", states["2"].GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, states["3"].ValueKind);
        Assert.Equal("note 20 — \"ü\"", states["20"].GetProperty("text").GetString());
    }

    /// <summary>A record as kcat prints it with <c>-J</c>.</summary>
    private sealed record Record(int Partition, string Key, string? Body, Dictionary<string, string> Headers)
    {
        public string Of(string attribute) => Headers[$"ce_{attribute}"];

        public static Record Parse(string line)
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var headers = root.TryGetProperty("headers", out var pairs) ? pairs.EnumerateArray().Select(h => h.GetString()!).ToList() : [];
            return new(
                root.GetProperty("partition").GetInt32(),
                root.GetProperty("key").GetString()!,
                root.GetProperty("payload").GetString(),
                headers.Chunk(2).ToDictionary(h => h[0], h => h[1])
            );
        }
    }
}
