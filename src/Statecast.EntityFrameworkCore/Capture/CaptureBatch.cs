using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Events;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>Runs after the save's own statements and captures what they touched.</summary>
internal sealed class CaptureBatch(
    DbContext context,
    EfCapture capture,
    AggregateShape shape,
    IList<IUpdateEntry> entries,
    IUpdateAdapter adapter,
    CaptureSession session
) : OwnBatch
{
    /// <summary>The tokens of what was captured; empty until it ran.</summary>
    public IReadOnlyList<StateToken> Tokens { get; private set; } = [];

    /// <summary>The transaction it ran in.</summary>
    public Guid TransactionId { get; private set; }

    /// <summary>Where it wrote; null until it ran.</summary>
    public ICaptureStore? Store { get; private set; }

    /// <summary>Whether the save has statements of its own before this batch.</summary>
    public bool Follows { get; set; }

    /// <summary>What runs before the save's own statements; null if nothing has to.</summary>
    public CommittedParents? Parents { get; } = CommittedParents.For(context, shape, entries);

    /// <summary>What also runs before them; null if no cascade of the database can reach the aggregates.</summary>
    public CascadedRows? Cascaded { get; } = CascadedRows.For(context, shape, entries);

    protected override async Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct)
    {
        var touched = new TouchedRoots(shape);
        touched.AddEntries(entries, adapter, session, Parents, Cascaded);
        await ParentLookup.ResolveAsync(context, touched, synchronous, ct).ConfigureAwait(false);
        var sets = touched.Sets(context);
        if (sets.Count == 0)
            return;
        foreach (var set in sets)
            capture.RequireRoutes(set.Publication);
        var transaction = connection.CurrentTransaction;
        var scope = new CaptureScope(connection.DbConnection, transaction?.GetDbTransaction(), synchronous, ct) { Wrote = Follows };
        var store = capture.AdapterFor(context, shape).Capture;
        Store = store;
        Tokens = await capture.Capture.SaveAsync(store, scope, sets).ConfigureAwait(false);
        TransactionId = transaction?.TransactionId ?? default;
        if (sets.Any(s => s.Missing.Count > 0))
            await CaptureElsewhereAsync(store, scope, [.. sets.SelectMany(s => s.Missing)]).ConfigureAwait(false);
    }

    // Rows that are no longer where the tracker has them: their roots of now have changed as well.
    private async ValueTask CaptureElsewhereAsync(ICaptureStore store, CaptureScope scope, List<ExpectedRow> rows)
    {
        var elsewhere = new TouchedRoots(shape);
        foreach (
            var (member, parent) in await CommittedParents
                .ReadAsync(context, rows, scope.Synchronous, scope.CancellationToken)
                .ConfigureAwait(false)
        )
            elsewhere.AddRoot(member.Plan, parent, session.Cause);
        var sets = elsewhere.Sets(context);
        if (sets.Count > 0)
            Tokens = [.. Tokens, .. await capture.Capture.SaveAsync(store, scope with { Wrote = true }, sets).ConfigureAwait(false)];
    }
}
