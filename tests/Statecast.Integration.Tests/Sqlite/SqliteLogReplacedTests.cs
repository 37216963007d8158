using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>A log whose file was made anew, or is an earlier copy of itself.</summary>
public sealed class SqliteLogReplacedTests : SqliteLogCase
{
    private const int WentBack = 4006;

    [Fact]
    public async Task Log_made_anew_reopens_its_lanes_under_another_incarnation()
    {
        await using var old = await Sender();
        await old.SendAsync([Upsert("a", 1, "old"), Upsert("b", 1, "old")], Ct);
        await using var target = await Target();
        await target.UntilTail(4, Ct);
        var incarnation = target.Open.Values.First().Incarnation;

        foreach (var file in Directory.GetFiles(Log))
            File.Delete(file);
        // No word of the old ends reaches the new file.
        await Assert.ThrowsAsync<TransportException>(async () => await old.SendHeartbeatAsync(Word([], Time), Ct));
        Assert.Equal(SendResult.Confirmed, Assert.Single(await old.SendAsync([Upsert("a", 2)], Ct)).Result);

        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 3, "new")], Ct);
        await target.Until(t => t.Newest()["a"] == "new" && t.AtTail.Count == 4, Ct);
        Assert.All(target.Open.Values, o => Assert.NotEqual(incarnation, o.Incarnation));
        Assert.Equal(incarnation, target.Deliveries[0].Opened[0].Incarnation);
    }

    [Fact]
    public async Task Log_that_went_back_is_read_again_from_its_start()
    {
        await using var sender = await Sender();
        await sender.SendAsync([Upsert("a", 1, "one")], Ct);
        await using (var raw = await Raw(FilePath))
            await Execute(raw, $"VACUUM INTO '{Folder.File("copy.db")}'");
        await sender.SendAsync([.. Enumerable.Range(2, 5).Select(i => Upsert("a", i, $"{i}"))], Ct);
        Dictionary<LaneId, long> positions;
        await using (var target = await Target())
        {
            await target.UntilTail(4, Ct);
            positions = target.Next;
        }
        await sender.DisposeAsync();
        File.Copy(Folder.File("copy.db"), FilePath, overwrite: true);

        await using var again = await Sender();
        await again.SendAsync([Upsert("a", 2, "after")], Ct);
        await using var late = await Target(positions: positions);
        await late.UntilTail(4, Ct);
        Assert.Equal("after", late.Newest()["a"]);
        Assert.Single(Told.Of(WentBack));
        // Told once: what this reading does not meet the source has no more.
        Assert.Single(late.Deliveries.SelectMany(d => d.Batches), b => b.FromBeginning);
    }
}
