using Statecast.Conformance.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>A log into which several sources write.</summary>
public sealed class SqliteLogSourcesTests : SqliteLogCase
{
    private const int SecondSource = 4005;
    private const int OwnerAway = 4007;

    [Fact]
    public async Task Second_source_of_a_contract_is_parked_and_told()
    {
        await using var owner = await Sender("owner");
        await owner.SendAsync([Upsert("a", 1, "owner")], Ct);
        await using var intruder = await Sender("intruder");
        await intruder.SendAsync([Upsert("a", 5, "intruder"), Upsert("b", 1, "intruder")], Ct);
        await intruder.SendHeartbeatAsync(Word(await intruder.ReadEndsAsync(Lanes(), Ct), Time), Ct);

        await using var target = await Target();
        await target.Until(t => t.Received.Count == 3 && t.AtTail.Count >= 3, Ct);
        Assert.Equal("owner", Assert.Single(target.Events).Source);
        var parked = target.Received.Where(r => r.Event is null).ToList();
        Assert.Equal(["a", "b"], parked.Select(p => p.Key).Order());
        Assert.All(parked, p => Assert.Contains("'intruder' publishes 'probe.item.v1' too", p.Defect, StringComparison.Ordinal));
        Assert.Equal("intruder"u8.ToArray(), parked[0].Raw.ToArray());
        Assert.Contains("intruder.db", Assert.Single(Told.Of(SecondSource)), StringComparison.Ordinal);
        var ends = await owner.ReadEndsAsync(Lanes(), Ct);
        Assert.All(ends, end => Assert.Equal(end.Position, target.Next[end.Lane]));

        await owner.SendHeartbeatAsync(Word(ends, Time) with { Source = "owner" }, Ct);
        await target.Until(t => t.Words.Count > 0, Ct);
        Assert.Equal("owner", target.Words[0].Word.Source);

        // The owner's file is moved away, as its repair says: that does not make the contract the other's.
        await owner.DisposeAsync();
        foreach (var file in Directory.GetFiles(Log, "owner.db*"))
            File.Delete(file);
        await target.Until(t => t.Deliveries.Any(d => d.Closed.Count == 4), Ct);
        Assert.Contains("'owner'", Assert.Single(Told.Of(OwnerAway)), StringComparison.Ordinal);
        await using var again = await Sender("owner");
        await again.SendAsync([Upsert("a", 2, "owner again")], Ct);
        await target.Until(t => t.Newest().GetValueOrDefault("a") == "owner again", Ct);
        Assert.All(target.Events, e => Assert.Equal("owner", e.Source));

        // A target that begins now and knows no owner has the oldest file.
        await using var fresh = await Target();
        await fresh.Until(t => t.Newest().GetValueOrDefault("a") == "intruder", Ct);
        // One that knows it has not.
        await using var knowing = await Target(source: "owner");
        await knowing.Until(t => t.Newest().GetValueOrDefault("a") == "owner again", Ct);
    }

    [Fact]
    public async Task Events_of_other_sources_count_against_the_same_bytes()
    {
        const int bodyBytes = 100;
        await using var owner = await Sender("owner");
        await using var second = await Sender("second");
        await using var third = await Sender("third");
        foreach (var sender in new[] { owner, second, third })
            await sender.SendAsync([.. Enumerable.Range(0, 4).Select(i => Upsert($"k{i}", 1, new string('x', bodyBytes)))], Ct);
        // The owner's four, and one of another's.
        await using var target = await Target(maxBytes: (4 * bodyBytes) + 50);
        await target.Until(t => t.Received.Count == 12, Ct);
        var sizes = target.Deliveries.Select(d => d.Batches.Sum(b => b.Events.Count)).Where(n => n > 0).ToList();
        Assert.Equal([5, 5, 2], sizes);
    }
}
