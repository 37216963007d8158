using Statecast.Benchmarks.Harness;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Capture;

/// <summary>SaveChanges of an order with capture, beside the same save with an outbox written by hand. SQLite, WAL, a pooled context for each save.</summary>
internal sealed class CaptureSuite : ISuite
{
    public string Name => "capture";

    public async IAsyncEnumerable<Row> RunAsync(QuickContext context)
    {
        await foreach (var row in NormalAsync(context))
            yield return row;
        await foreach (var row in FullAsync(context))
            yield return row;
    }

    // Without syncs only the code's own cost is left: the aims are held against this, the harder of the two modes.
    private async IAsyncEnumerable<Row> NormalAsync(QuickContext context)
    {
        const string mode = "NORMAL";
        using var ours = new StatecastSaver(context.Scratch, mode);
        using var byHand = new HandwrittenOutbox(context.Scratch, mode);
        using var readBack = new ReadBackOutbox(context.Scratch, mode);
        using var plain = new PlainSaver(context.Scratch, mode);
        EqualBodies.Check(ours, [byHand, readBack]);

        foreach (
            var row in await CompareAsync(context, "insert, 3 lines", ours, byHand, plain, s => CaptureBlocks.Insert(s, 3, 100), 1.8, 6)
        )
            yield return row;
        foreach (var row in await CompareUpdatesAsync(context, "update, 3 lines", ours, byHand, plain, 3, 100, 1.8, 6))
            yield return row;
        foreach (
            var row in await CompareAsync(context, "insert, 50 lines", ours, byHand, plain, s => CaptureBlocks.Insert(s, 50, 20), 1.5, null)
        )
            yield return row;
        foreach (var row in await CompareUpdatesAsync(context, "one of 50 lines changed", ours, readBack, plain, 50, 50, 1.1, null))
            yield return row;
    }

    // What a user sees who changes no setting: each commit is synced.
    private async IAsyncEnumerable<Row> FullAsync(QuickContext context)
    {
        const string mode = "FULL";
        using var ours = new StatecastSaver(context.Scratch, mode);
        using var byHand = new HandwrittenOutbox(context.Scratch, mode);
        using var plain = new PlainSaver(context.Scratch, mode);
        var rows = await CompareAsync(
            context,
            "insert, 3 lines, synced",
            ours,
            byHand,
            plain,
            s => CaptureBlocks.Insert(s, 3, 40),
            null,
            null
        );
        yield return rows[0];
    }

    private Task<Row[]> CompareUpdatesAsync(
        QuickContext context,
        string name,
        OrderSaver ours,
        OrderSaver peer,
        OrderSaver limit,
        int lines,
        int saves,
        double? times,
        double? moreKb
    )
    {
        var stored = new[] { ours, peer, limit }.ToDictionary(s => s, s => CaptureBlocks.Store(s, lines));
        return CompareAsync(context, name, ours, peer, limit, s => CaptureBlocks.Update(s, stored[s], saves), times, moreKb);
    }

    private async Task<Row[]> CompareAsync(
        QuickContext context,
        string name,
        OrderSaver ours,
        OrderSaver peer,
        OrderSaver limit,
        Func<OrderSaver, double[]> block,
        double? times,
        double? moreKb
    )
    {
        await context.Progress.WriteLineAsync($"  {name}");
        var contenders = new[] { ours, peer, limit }.Select(s => new Contender(s.Name, () => block(s))).ToList();
        // A save takes some hundred µs: many rounds are cheap, and the machine's other work is not always the same. It goes through so much of EF Core's code
        // that thousands of saves pass before all of it is compiled for good.
        var medians = await Interleaved.MediansAsync(contenders, 6 * context.Rounds + 1, context.Progress, warmUps: 40);
        Row Of(int figure, string of, string unit, Aim? aim) =>
            new(
                Name,
                $"{name}: {of}",
                unit,
                Better.Lower,
                medians[0][figure],
                new(peer.Name, medians[1][figure]),
                new(limit.Name, medians[2][figure])
            )
            {
                Aim = aim,
            };
        return
        [
            Of(0, "time of SaveChanges", "µs", times is { } t ? new($"≤ {t:F1} ×", t * medians[1][0]) : null),
            Of(1, "allocated", "KB", moreKb is { } kb ? new($"≤ {kb:F0} KB more", kb + medians[1][1]) : null),
        ];
    }
}
