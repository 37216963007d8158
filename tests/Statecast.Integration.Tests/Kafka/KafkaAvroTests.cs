using System.Buffers.Binary;
using System.Text;
using Avro;
using Avro.Generic;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Registry;
using Statecast.Replicas;
using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>States in Avro, their schemas in a registry, beside Confluent's own serializers.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaAvroTests(KafkaFixture kafka) : IAsyncLifetime
{
    private StandInRegistry _registry = null!;
    private KafkaNotes _notes = null!;
    private IHost _source = null!;
    private readonly List<IHost> _hosts = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var servers = await kafka.EmptyAsync();
        _registry = StandInRegistry.Start();
        _notes = new(
            servers,
            (o, shop) =>
            {
                // What waits to be read, or is looked at raw, must still be there.
                o.MaxCompactionLag = TimeSpan.FromHours(1);
                o.Registry(
                    _registry.Url,
                    r =>
                    {
                        r.AutoRegister = true;
                        r.CacheDirectory = shop.File("schemas");
                        r.Patience = TimeSpan.FromSeconds(2);
                    }
                );
            }
        );
        _source = Add(await _notes.Shop.StartSourceAsync());
    }

    [Fact]
    public async Task States_travel_behind_the_prefix_of_their_schema()
    {
        var target = Add(await _notes.Shop.StartTargetAsync<NoteState>());
        await Save(db => db.AddRange(Enumerable.Range(1, 30).Select(i => new Note { Id = i, Text = $"note {i}" })));
        await Save(db => db.Remove(db.Notes.Single(n => n.Id == 3)));
        await KafkaNotes.AssertEqualAsync(_source, target);
        var records = _notes.Raw();
        var id = Assert.Single(await Client().GetAllVersionsAsync());
        foreach (var record in records.Where(r => r.Message.Value is not null))
        {
            Assert.Equal(0, record.Message.Value![0]);
            Assert.Equal(id, BinaryPrimitives.ReadInt32BigEndian(record.Message.Value.AsSpan(1)));
            Assert.Equal("application/avro", Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes("content-type")));
        }
        Assert.Single(records, r => r.Message.Value is null);
    }

    [Fact]
    public async Task Confluents_serializers_and_ours_share_the_subject()
    {
        var target = Add(await _notes.Shop.StartTargetAsync<NoteState>());
        await Save(db => db.Add(new Note { Id = 1, Text = "ours" }));
        await KafkaNotes.AssertEqualAsync(_source, target);
        await NotesShop.StopAsync(_source);
        _hosts.Remove(_source);

        using var registry = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = _registry.Url });
        var context = new SerializationContext(MessageComponentType.Value, KafkaNotes.Topic);
        var own = _notes.Raw().Single();
        var read = await new AvroDeserializer<GenericRecord>(registry).DeserializeAsync(own.Message.Value, false, context);
        Assert.Equal("ours", read[read.Schema.Fields[1].Name]);

        var written = new GenericRecord((RecordSchema)read.Schema);
        written.Add(read.Schema.Fields[0].Name, 2);
        written.Add(read.Schema.Fields[1].Name, "theirs");
        var serializer = new AvroSerializer<GenericRecord>(registry, new AvroSerializerConfig { AutoRegisterSchemas = false });
        var message = new Message<string, byte[]?>
        {
            Key = "2",
            Value = await serializer.SerializeAsync(written, context),
            Headers = [],
        };
        foreach (var header in own.Message.Headers.Where(h => h.Key is not ("ce_subject" or "content-type" or "ce_ecstfingerprint")))
            message.Headers.Add(header.Key, header.GetValueBytes());
        message.Headers.Add("ce_subject", "2"u8.ToArray());
        await _notes.ProduceAsync(new(KafkaNotes.Topic, Contracts.KeyText.Lane("2", 8)), message);
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await replica.GetAsync(2, ct: deadline.Token))?.Text != "theirs")
            await Task.Delay(10, deadline.Token);
    }

    [Fact]
    public async Task Registry_that_is_down_stops_nobody_who_knows_the_schema()
    {
        var target = Add(await _notes.Shop.StartTargetAsync<NoteState>());
        await Save(db => db.Add(new Note { Id = 1, Text = "up" }));
        await KafkaNotes.AssertEqualAsync(_source, target);
        await _registry.DisposeAsync();
        await Save(db => db.Add(new Note { Id = 2, Text = "down" }));
        await KafkaNotes.AssertEqualAsync(_source, target);
        // Schemas are on disk: a source and a target that begin now do without it too.
        await NotesShop.StopAsync(_source);
        _hosts.Remove(_source);
        _source = Add(await _notes.Shop.StartSourceAsync());
        await Save(db => db.Add(new Note { Id = 3, Text = "still down" }));
        var fresh = Add(await _notes.Shop.StartTargetAsync<NoteState>("fresh.db"));
        await KafkaNotes.AssertEqualAsync(_source, target, fresh);
    }

    [Fact]
    public async Task Schema_that_nobody_can_tell_holds_its_lane_alone()
    {
        var target = Add(await _notes.Shop.StartTargetAsync<NoteState>());
        await Save(db => db.AddRange(Enumerable.Range(1, 40).Select(i => new Note { Id = i, Text = "up" })));
        await KafkaNotes.AssertEqualAsync(_source, target);

        // Another version of the subject, which no instance has met, and a record in it of a key that the source does not have.
        var unmet = _registry.Put($"{KafkaNotes.Topic}-value", StateContract.Of<WiderNoteState>().AvroSchema);
        await _registry.DownAsync();
        var lane = KeyText.Lane("77", 8);
        var message = new Message<string, byte[]?>
        {
            Key = "77",
            Value = AvroFraming.Frame(unmet, RegistrySchemas.Body(new WiderNoteState(77, "held", null))),
            Headers = [],
        };
        var own = _notes.Raw()[0];
        foreach (var header in own.Message.Headers.Where(h => h.Key is not ("ce_subject" or "ce_ecstfingerprint")))
            message.Headers.Add(header.Key, header.GetValueBytes());
        message.Headers.Add("ce_subject", "77"u8.ToArray());
        await _notes.ProduceAsync(new(KafkaNotes.Topic, lane), message);

        // Every lane is written to; of the held one nothing comes, of the others everything, beyond the registry's patience.
        var status = target.Services.GetRequiredService<IStatecast>().Replicas[0];
        await NotesShop.UntilAsync(() => status.Failure?.Contains(_registry.Url, StringComparison.Ordinal) == true);
        await Save(db =>
        {
            foreach (var note in db.Notes)
                note.Text = "down";
            db.Remove(db.Notes.Find(40)!);
        });
        await UntilTextsAsync(target, id => id == 40 ? null : "down", id => KeyText.Lane($"{id}", 8) != lane);
        await UntilTextsAsync(target, _ => "up", id => KeyText.Lane($"{id}", 8) == lane);
        Assert.NotNull(status.Failure);

        _registry.Up();
        await KafkaNotes.AssertEqualAsync(_source, target);
        Assert.Null(status.Failure);
        // Each record once, in its order: the one that was waited for too.
        for (var deadline = DateTime.UtcNow.AddSeconds(20); await _notes.OffsetsAsync() is var there && there != status.Counters.Received; )
            Assert.True(DateTime.UtcNow < deadline, $"{status.Counters.Received} of {there} records came: {status.Counters}");
        Assert.Equal(0, status.Parked);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes.Dispose();
        await _registry.DisposeAsync();
    }

    private static async Task UntilTextsAsync(IHost target, Func<int, string?> text, Func<int, bool> which)
    {
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var id in Enumerable.Range(1, 40).Where(which))
            while ((await replica.GetAsync(id, ct: deadline.Token))?.Text != text(id))
                await Task.Delay(10, deadline.Token);
    }

    private RegisteredIds Client() => new(_registry.Url);

    private Task Save(Action<NotesDb> change) => NotesShop.SaveAsync(_source, change);

    private IHost Add(IHost host)
    {
        _hosts.Add(host);
        return host;
    }

    /// <summary>The ids under the notes' subject, by Confluent's client.</summary>
    private sealed class RegisteredIds(string url)
    {
        public async Task<List<int>> GetAllVersionsAsync()
        {
            using var registry = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = url });
            var ids = new List<int>();
            foreach (var version in await registry.GetSubjectVersionsAsync($"{KafkaNotes.Topic}-value"))
                ids.Add((await registry.GetRegisteredSchemaAsync($"{KafkaNotes.Topic}-value", version)).Id);
            return ids;
        }
    }
}
