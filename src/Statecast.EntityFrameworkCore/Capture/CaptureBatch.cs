using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;
using Statecast.Events;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>A batch without commands of EF Core's: it captures, on the save's connection and in its transaction.</summary>
internal sealed class CaptureBatch(
    DbContext context,
    EfCapture capture,
    AggregateShape shape,
    IList<IUpdateEntry> entries,
    IUpdateAdapter adapter,
    CaptureSession session
) : ModificationCommandBatch
{
    /// <summary>The tokens of what was captured; empty until it ran.</summary>
    public IReadOnlyList<StateToken> Tokens { get; private set; } = [];

    /// <summary>The transaction it ran in.</summary>
    public Guid TransactionId { get; private set; }

    /// <summary>Where it wrote; null until it ran.</summary>
    public ICaptureStore? Store { get; private set; }

    /// <summary>Whether the save has statements of its own before this batch.</summary>
    public bool Follows { get; set; }

    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => [];

    public override bool RequiresTransaction => true;

    public override bool AreMoreBatchesExpected => false;

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand) => false;

    public override void Complete(bool moreBatchesExpected) { }

    public override void Execute(IRelationalConnection connection)
    {
        var run = RunAsync(connection, synchronous: true, CancellationToken.None);
        if (!run.IsCompleted)
            throw new InvalidOperationException("A capture store waited asynchronously in a synchronous save.");
        run.GetAwaiter().GetResult();
    }

    public override Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default) =>
        RunAsync(connection, synchronous: false, cancellationToken);

    private async Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct)
    {
        var touched = new TouchedRoots(shape);
        touched.AddEntries(entries, adapter, session);
        await ParentLookup.ResolveAsync(context, touched, synchronous, ct).ConfigureAwait(false);
        var sets = touched.Sets(context);
        if (sets.Count == 0)
            return;
        foreach (var set in sets)
            capture.RequireRoutes(set.Publication);
        var transaction = connection.CurrentTransaction;
        var scope = new CaptureScope(connection.DbConnection, transaction?.GetDbTransaction(), synchronous, ct) { Wrote = Follows };
        var store = capture.AdapterFor(context.Database.ProviderName).Capture;
        Store = store;
        Tokens = await capture.Capture.SaveAsync(store, scope, sets).ConfigureAwait(false);
        TransactionId = transaction?.TransactionId ?? default;
    }
}
