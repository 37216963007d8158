using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Xunit;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>A source under constant writes is joined by a target, a process of its own, that is killed twice in the midst of reading what there is.</summary>
[Collection(KafkaCollection.Name)]
public sealed class KafkaBootstrapTests(KafkaFixture kafka)
{
    /// <summary>
    /// What the target may have in use at its peak, of however many states: 150 MB with the runner and what is compiled in it, what the client reads ahead and unpacks,
    /// two batches, and what is not collected yet.
    /// </summary>
    private const long MostBytes = 280L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static int States => FaultRounds.IsLong ? 200_000 : 30_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Filler { get; } = new('.', 200);

    [Fact]
    public async Task New_target_killed_twice_goes_on_where_it_was_and_ends_equal()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux(),
            "Processes are stopped by Linux's signals, and their memory is read as Linux shows it."
        );
        await kafka.RequireServerAsync("keeps only the newest megabytes of a partition");
        await FaultRounds.RunAsync("Kafka: a new target killed twice in its bootstrap, under load", gate: 3, BootstrapAsync, always: 1);
    }

    private async Task BootstrapAsync()
    {
        var servers = await kafka.EmptyAsync();
        // Nothing is compacted, so that records can be counted.
        using var notes = new KafkaNotes(servers, (o, _) => o.MaxCompactionLag = TimeSpan.FromHours(1));
        var shop = notes.Shop;
        var clock = Stopwatch.StartNew();
        using var source = await shop.StartSourceAsync();
        await FillAsync(source);
        var filled = clock.Elapsed;
        using var enough = new CancellationTokenSource();
        var writing = WriteAsync(source, enough.Token);
        var (peak, stood) = (0L, 0L);
        foreach (var share in (double[])[0.05, 0.3])
        {
            using var killed = KafkaTargetProcess.Start(servers, shop);
            await killed.StopMidway(() => KafkaTargetProcess.Position(shop) > Math.Max(stood, share * States), Ct, Patience);
            // Asserted, not assumed: it has read a part, and far from all.
            Assert.InRange(stood = KafkaTargetProcess.Position(shop), share * States, 0.9 * States);
            Assert.False(KafkaTargetProcess.WasLive(shop), "The target is Live without what it has not read.");
            peak = Math.Max(peak, killed.PeakBytes());
            killed.Kill();
            // Nothing that it had was given up with it.
            Assert.Equal(stood, KafkaTargetProcess.Position(shop));
            Assert.Equal(stood, KafkaTargetProcess.Received(shop));
        }

        using var target = KafkaTargetProcess.Start(servers, shop);
        await target.Until(() => KafkaTargetProcess.WasLive(shop), Ct, Patience);
        await enough.CancelAsync();
        var written = await writing;
        using (var deadline = new CancellationTokenSource(Patience))
            await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
        await target.Until(() => NotesPromises.Differences(shop, KafkaTargetProcess.File) == 0, Ct, Patience);
        peak = Math.Max(peak, target.PeakBytes());
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"filled after {filled.TotalSeconds:f1} s, ended after {clock.Elapsed.TotalSeconds:f1} s with {written} writes meanwhile, peak of the target {peak >> 20} MB"
        );
        Assert.True(written > 100, $"{written} writes came meanwhile: that is no load.");
        NotesPromises.RequireRows(shop, KafkaTargetProcess.File);
        NotesPromises.RequireHeads(shop, KafkaTargetProcess.File);
        // Every record once, over all three: a restart from the beginning would have it received again what the first two had.
        Assert.Equal(await notes.OffsetsAsync(), KafkaTargetProcess.Received(shop));
        Assert.InRange(peak, 1, MostBytes);
        target.Kill();
        await source.StopAsync(Ct);
    }

    private static async Task FillAsync(IHost source)
    {
        const int Chunk = 5_000;
        for (var first = 1; first <= States; first += Chunk)
            await NotesShop.SaveAsync(
                source,
                db => db.AddRange(Enumerable.Range(first, Chunk).Select(id => new Note { Id = id, Text = $"first {id} {Filler}" }))
            );
        using var deadline = new CancellationTokenSource(Patience);
        await source.Services.GetRequiredService<IStatecast>().WhenIdleAsync(deadline.Token);
    }

    // Changes, deletes and additions all over the lanes, in what was read and in what was not.
    private static async Task<int> WriteAsync(IHost source, CancellationToken enough)
    {
        var written = 0;
        for (; !enough.IsCancellationRequested; written++)
        {
            var number = written;
            await NotesShop.SaveAsync(
                source,
                db =>
                {
                    for (var n = 0; n < 8; n++)
                        if (db.Notes.Find((number * 8 + n) * 7919 % States + 1) is { } note)
                            if (n == 0)
                                db.Remove(note);
                            else
                                note.Text = $"changed {number} {Filler}";
                    db.Add(new Note { Id = States + number + 1, Text = $"added {number} {Filler}" });
                }
            );
            await Task.Delay(20, CancellationToken.None);
        }
        return written;
    }
}
