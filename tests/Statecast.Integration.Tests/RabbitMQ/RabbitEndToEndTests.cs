using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Conformance.Registry;
using Statecast.Contracts;
using Statecast.EntityFrameworkCore.Publishing;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Integration.Tests.Samples;
using Statecast.RabbitMQ;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.RabbitMQ;

/// <summary>A source and its targets over a real broker, with what befalls such a pair.</summary>
[Collection(RabbitHostCollection.Name)]
public sealed class RabbitEndToEndTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private readonly List<IHost> _hosts = [];
    private RabbitPlace? _place;
    private RabbitNotes? _notes;

    private NotesShop Shop => _notes!.Shop;

    public async ValueTask InitializeAsync()
    {
        _place = await rabbit.PlaceAsync();
        _notes = new(_place.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _hosts.Reverse();
        foreach (var host in _hosts)
            await NotesShop.StopAsync(host);
        _notes?.Dispose();
        if (_place is not null)
            await _place.DisposeAsync();
    }

    [Fact]
    public async Task Target_that_comes_late_asks_for_everything_and_follows()
    {
        var source = await SourceAsync();
        await SaveAsync(source, 1..301, "first");
        await NotesShop.SaveAsync(source, db => db.Remove(db.Notes.Single(n => n.Id == 3)));
        var target = await TargetAsync();
        await RabbitNotes.AssertEqualAsync(source, target);
        await SaveAsync(source, 100..400, "second");
        await RabbitNotes.AssertEqualAsync(source, target);
        Assert.Equal(0, RabbitNotes.Status(target).Parked);
    }

    [Fact]
    public async Task Target_goes_on_where_it_stood()
    {
        var source = await SourceAsync();
        var target = await TargetAsync();
        await SaveAsync(source, 1..301, "first");
        await RabbitNotes.AssertEqualAsync(source, target);
        await StopAsync(target);
        // A question that was repeated on a busy machine may still be on its way.
        var asked = Asked();
        for (var before = -1L; before != asked; asked = Asked())
        {
            before = asked;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
        await SaveAsync(source, 1..11, "second");
        target = await TargetAsync();
        var seen = new HashSet<ReplicaState>();
        await NotesShop.UntilAsync(() =>
        {
            seen.Add(RabbitNotes.Status(target).State);
            return seen.Contains(ReplicaState.Live);
        });
        // It has what it had, and its queue held what it needed.
        Assert.DoesNotContain(ReplicaState.Bootstrapping, seen);
        await RabbitNotes.AssertEqualAsync(source, target);
        Assert.Equal(asked, Asked());
    }

    [Fact]
    public async Task Lost_messages_are_found_at_a_heartbeat_and_asked_for()
    {
        var source = await SourceAsync();
        var target = await TargetAsync();
        await SaveAsync(source, 1..101, "first");
        await RabbitNotes.AssertEqualAsync(source, target);
        await StopAsync(target);
        await SaveAsync(source, 1..51, "lost");
        await NotesShop.UntilAsync(() => Unsent(source) == 0);
        await using (var connection = await _place!.ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync())
            Assert.True(await channel.QueuePurgeAsync($"{RabbitNotes.Destination}.reader.0") >= 50);
        target = await TargetAsync();
        await RabbitNotes.AssertEqualAsync(source, target);
    }

    [Fact]
    public async Task Replica_in_memory_asks_for_everything_at_each_start()
    {
        var source = await SourceAsync();
        await SaveAsync(source, 1..101, "first");
        for (var i = 0; i < 2; i++)
        {
            var target = await Shop.StartTargetAsync<NoteState>(configure: r => r.InMemory().Instance("one"));
            _hosts.Add(target);
            await RabbitNotes.AssertEqualAsync(source, target);
            await StopAsync(target);
        }
    }

    [Fact]
    public async Task Several_lanes_are_complete_together()
    {
        var source = await SourceAsync(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)).Lanes(4));
        await SaveAsync(source, 1..201, "first");
        var target = await TargetAsync();
        await RabbitNotes.AssertEqualAsync(source, target);
        await SaveAsync(source, 1..201, "second");
        await RabbitNotes.AssertEqualAsync(source, target);
    }

    [Fact]
    public async Task Instances_that_share_a_store_take_over_from_each_other()
    {
        var source = await SourceAsync();
        await SaveAsync(source, 1..101, "first");
        var first = await TargetAsync();
        await RabbitNotes.AssertEqualAsync(source, first);
        var second = await TargetAsync();
        await SaveAsync(source, 1..51, "second");
        await RabbitNotes.AssertEqualAsync(source, first);
        await StopAsync(first);
        await SaveAsync(source, 51..101, "third");
        await RabbitNotes.AssertEqualAsync(source, second);
    }

    [Fact]
    public async Task Instance_with_another_store_on_the_same_queues_is_refused_while_the_first_runs()
    {
        var source = await SourceAsync();
        await SaveAsync(source, 1..101, "first");
        var first = await TargetAsync();
        await RabbitNotes.AssertEqualAsync(source, first);
        var second = await Shop.StartTargetAsync<NoteState>("other.db");
        _hosts.Add(second);
        var replica = second.Services.GetRequiredService<IStatecast>().Replicas[0];
        await NotesShop.UntilAsync(() => replica.Failure?.Contains("in another store", StringComparison.Ordinal) == true);
        Assert.Contains(".Instance(\"name\")", replica.Failure, StringComparison.Ordinal);
        await SaveAsync(source, 1..51, "second");
        await RabbitNotes.AssertEqualAsync(source, first);
        Assert.Equal(0, replica.Keys);

        // A file that takes the first one's place begins as soon as that is gone.
        await StopAsync(first);
        await RabbitNotes.AssertEqualAsync(source, second);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(RabbitMQContentMode.Structured)]
    public async Task Avro_travels_behind_its_prefix(RabbitMQContentMode? mode)
    {
        await using var registry = StandInRegistry.Start();
        using var notes = new RabbitNotes(
            _place!.Address,
            o =>
            {
                o.ContentMode = mode;
                o.Registry(registry.Url, r => r.AutoRegister = true);
            }
        );
        using var source = await notes.Shop.StartSourceAsync();
        await SaveAsync(source, 1..21, "first — \"ü\"");
        using var target = await notes.Shop.StartTargetAsync<NoteState>();
        await RabbitNotes.AssertEqualAsync(source, target);
        await SaveAsync(source, 10..31, "second");
        await RabbitNotes.AssertEqualAsync(source, target);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Theory]
    [InlineData]
    [InlineData("--processes", "--upgrade", "--restore")]
    public async Task Shop_runs_on_it(params string[] acts)
    {
        var run = await SampleProcess.RunAsync(
            "Shop",
            SampleProcess.Patience,
            ["--orders", "150", "--rabbitmq", _place!.Address, "--json", .. acts]
        );
        run.RequireSuccess();
    }

    [Fact]
    public async Task Package_catalogue_runs_on_it()
    {
        var run = await SampleProcess.RunAsync("PackageCatalog", SampleProcess.Patience, "--rabbitmq", _place!.Address, "--json");
        run.RequireSuccess();
    }

    // How many ranges and keys were ever asked for.
    private long Asked() => Shop.Number("notes.db", "SELECT max(seq) FROM sqlite_sequence WHERE name = 'statecast_republish'");

    private async Task<IHost> SourceAsync(Action<EfSourceBuilder<NotesDb>>? publish = null)
    {
        var source = await Shop.StartSourceAsync(publish);
        _hosts.Add(source);
        return source;
    }

    private async Task<IHost> TargetAsync()
    {
        var target = await Shop.StartTargetAsync<NoteState>();
        _hosts.Add(target);
        return target;
    }

    private async Task StopAsync(IHost host)
    {
        _hosts.Remove(host);
        await NotesShop.StopAsync(host);
    }

    private static Task SaveAsync(IHost source, Range ids, string text) =>
        NotesShop.SaveAsync(
            source,
            db =>
            {
                for (var id = ids.Start.Value; id < ids.End.Value; id++)
                    if (db.Notes.Find(id) is { } note)
                        note.Text = text;
                    else
                        db.Add(new Note { Id = id, Text = text });
            }
        );

    private long Unsent(IHost source) => Shop.Number("notes.db", "SELECT count(*) FROM statecast_outbox");
}
