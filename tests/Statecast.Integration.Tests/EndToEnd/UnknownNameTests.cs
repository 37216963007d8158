using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Publishing;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Integration.Tests.EndToEnd;

/// <summary>Contracts, destinations and carriers that nobody knows: each says so, and the rest goes on.</summary>
public sealed class UnknownNameTests : IDisposable
{
    private readonly NotesShop _shop = new();

    [Fact]
    public async Task Event_of_an_unknown_contract_is_parked_and_the_rest_goes_on()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync();
        await NotesShop.StopAsync(source);
        var log = Path.Combine("log", "notes.db");
        _shop.Change(log, "UPDATE destination SET contract = 'e2e.stranger'");

        var target = await _shop.StartTargetAsync<NoteState>();
        var statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Parked == 1);
        var parked = await statecast.Parked.EventsAsync("e2e.note.v1").SingleAsync();
        Assert.Equal("1", parked.Key);
        Assert.Contains("contract 'e2e.stranger'", parked.Reason);
        Assert.Contains("'e2e.note' in e2e.note.v1", parked.Reason);
        await NotesShop.StopAsync(target);

        _shop.Change(log, "UPDATE destination SET contract = 'e2e.note'");
        source = await _shop.StartSourceAsync();
        target = await _shop.StartTargetAsync<NoteState>();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 2, Text = "two" }));
        var replica = target.Services.GetRequiredService<IReplica<int, NoteState>>();
        statecast = target.Services.GetRequiredService<IStatecast>();
        await NotesShop.UntilAsync(() => statecast.Replicas[0].Keys == 1);
        Assert.Equal("two", (await replica.GetAsync(2, options: ReadOptions.Partial))?.Text);
        Assert.Equal(1, statecast.Replicas[0].Parked);
        // The source says the key again; the new event stands for the parked one.
        await source.Services.GetRequiredService<IStatecast>().RepublishAsync("e2e.note", ["1"]);
        await NotesShop.IdleAsync(source, target);
        Assert.Equal("one", (await replica.GetAsync(1))?.Text);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Replica_of_what_nobody_publishes_says_so_and_the_others_go_on()
    {
        var source = await _shop.StartSourceAsync();
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        var target = await _shop.StartTargetAsync<NoteState>();
        var stranger = await _shop.StartTargetAsync<StrangerState>("stranger.db");
        var next = await _shop.StartTargetAsync<TitledNoteState>("next.db");
        await NotesShop.IdleAsync(source, target);

        Assert.Equal("one", (await target.Services.GetRequiredService<IReplica<int, NoteState>>().GetAsync(1))?.Text);
        await IsEmptyAsync<StrangerState>(stranger, "e2e.stranger.v1");
        await IsEmptyAsync<TitledNoteState>(next, "e2e.note.v2");
        foreach (var host in new[] { next, stranger, target, source })
            await NotesShop.StopAsync(host);
    }

    [Fact]
    public async Task Republish_of_an_unknown_contract_is_refused()
    {
        var source = await _shop.StartSourceAsync();
        var statecast = source.Services.GetRequiredService<IStatecast>();
        var queued = _shop.Number("notes.db", "SELECT count(*) FROM statecast_republish");
        foreach (var refused in new[] { () => statecast.RepublishAsync("e2e.stranger"), () => statecast.RepublishAsync<StrangerState>() })
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(refused);
            Assert.Contains("service 'notes' publishes 'e2e.stranger'", error.Message);
            Assert.Contains("Published are: 'e2e.note'", error.Message);
        }
        await Assert.ThrowsAsync<ArgumentException>(() => statecast.RepublishAsync<StrangerState>([1]));
        Assert.True(_shop.Number("notes.db", "SELECT count(*) FROM statecast_republish") <= queued);

        var target = await _shop.StartTargetAsync<NoteState>();
        var error2 = await Assert.ThrowsAsync<ArgumentException>(() =>
            target.Services.GetRequiredService<IStatecast>().RepublishAsync("e2e.note")
        );
        Assert.Contains("Published are: none", error2.Message);
        // The source goes on.
        await NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }));
        await statecast.RepublishAsync<NoteState>();
        await NotesShop.IdleAsync(source, target);
        await NotesShop.StopAsync(target);
        await NotesShop.StopAsync(source);
    }

    // Queued, it would be told to the log alone.
    [Fact]
    public async Task Republish_of_what_is_no_key_is_refused()
    {
        var source = await _shop.StartSourceAsync();
        var statecast = source.Services.GetRequiredService<IStatecast>();
        await statecast.WhenIdleAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => statecast.RepublishAsync("e2e.note", ["1", "+2"]));
        Assert.Equal("keys", error.ParamName);
        Assert.Contains("'+2' is no key of e2e.note", error.Message);
        Assert.Contains("an integer from", error.Message);
        Assert.Equal(0, _shop.Number("notes.db", "SELECT count(*) FROM statecast_republish"));
        await NotesShop.StopAsync(source);
    }

    [Fact]
    public async Task Publication_on_an_unknown_carrier_stops_the_start_and_fails_the_save()
    {
        using var source = await _shop.BuildSourceAsync(db => db.Publish<Note, NoteState>(n => new(n.Id, n.Text)).Via("kafka"));

        var saving = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            NotesShop.SaveAsync(source, db => db.Add(new Note { Id = 1, Text = "one" }))
        );
        var starting = await Assert.ThrowsAsync<InvalidOperationException>(() => source.StartAsync());
        foreach (var error in new[] { saving, starting })
        {
            Assert.Contains("the publication of 'e2e.note' names the carrier 'kafka'", error.Message);
            Assert.Contains("has 'sqlite", error.Message);
        }
        Assert.Equal(0, _shop.Number("notes.db", "SELECT count(*) FROM Notes"));
    }

    public void Dispose() => _shop.Dispose();

    private static async Task IsEmptyAsync<TState>(IHost target, string destination)
        where TState : class
    {
        var replica = target.Services.GetRequiredService<IReplica<int, TState>>();
        Assert.Equal(ReplicaState.Empty, replica.State);
        Assert.False(replica.Freshness.IsKnown);
        var error = await Assert.ThrowsAsync<ReplicaNotReadyException>(() => replica.GetAsync(1).AsTask());
        Assert.Contains(destination, error.Message);
    }
}

[StateContract("e2e.stranger")]
public sealed partial record StrangerState([property: StateKey] int Id);
