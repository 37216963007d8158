using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// EF Core's save between batches of ours. It sees the final entries (after interceptors, DetectChanges and cascades) and runs inside the execution
/// strategy. The first batches, where they are needed, ask what the save's own statements would make unknown; the last captures, before the commit or the
/// savepoint's release.
/// </summary>
internal sealed class CapturingDatabase : RelationalDatabase
{
    private readonly DbContext _context;
    private readonly EfCapture _capture;
    private readonly CaptureSession _session;
    private readonly CapturingExecutor _executor;

    public CapturingDatabase(
        DatabaseDependencies dependencies,
        RelationalDatabaseDependencies relationalDependencies,
        ICurrentDbContext current,
        IDbContextOptions options,
        CaptureSession session
    )
        : this(dependencies, relationalDependencies, new CapturingExecutor(relationalDependencies.BatchExecutor), current, options, session)
    { }

    private CapturingDatabase(
        DatabaseDependencies dependencies,
        RelationalDatabaseDependencies relationalDependencies,
        CapturingExecutor executor,
        ICurrentDbContext current,
        IDbContextOptions options,
        CaptureSession session
    )
        : base(dependencies, relationalDependencies with { BatchExecutor = executor })
    {
        _executor = executor;
        _context = current.Context;
        _capture = options.FindExtension<StatecastOptionsExtension>()!.Capture;
        _session = session;
    }

    public override int SaveChanges(IList<IUpdateEntry> entries)
    {
        if (!TryBegin(entries, out var batch))
            return Finished(base.SaveChanges(entries));
        var before = Before();
        try
        {
            var rows = SingleAttempt.IsNeeded(_context, before.Transactions)
                ? SingleAttempt.Execute(_context, () => base.SaveChanges(entries))
                : base.SaveChanges(entries);
            Saved(batch);
            return rows;
        }
        finally
        {
            Restore(before);
        }
    }

    public override async Task<int> SaveChangesAsync(IList<IUpdateEntry> entries, CancellationToken cancellationToken = default)
    {
        if (!TryBegin(entries, out var batch))
            return Finished(await base.SaveChangesAsync(entries, cancellationToken).ConfigureAwait(false));
        var before = Before();
        try
        {
            var saving = SingleAttempt.IsNeeded(_context, before.Transactions)
                ? SingleAttempt.ExecuteAsync(_context, () => base.SaveChangesAsync(entries, cancellationToken))
                : base.SaveChangesAsync(entries, cancellationToken);
            var rows = await saving.ConfigureAwait(false);
            Saved(batch);
            return rows;
        }
        finally
        {
            Restore(before);
        }
    }

    public override Func<QueryContext, TResult> CompileQuery<TResult>(Expression query, bool async)
    {
        if (!QueryTag.IsOn(query, QueryTag.ReadBack))
            return base.CompileQuery<TResult>(query, async);
        var lambdas = _context.GetService<HoistedLambdas>();
        lambdas.Active = true;
        try
        {
            return base.CompileQuery<TResult>(query, async);
        }
        finally
        {
            lambdas.Active = false;
        }
    }

    private bool TryBegin(IList<IUpdateEntry> entries, out CaptureBatch batch)
    {
        var shape = _capture.ShapeOf(_context.Model);
        if (!shape.Touches(entries))
        {
            batch = null!;
            return false;
        }
        batch = new(_context, _capture, shape, entries, Dependencies.UpdateAdapterFactory.Create(), _session);
        _executor.Last = batch;
        return true;
    }

    private void Saved(CaptureBatch batch)
    {
        _session.Saved(batch.TransactionId, batch.Tokens);
        batch.Store?.Saved(_context.Database.GetDbConnection());
    }

    private (AutoTransactionBehavior Transactions, bool Savepoints) Before()
    {
        // A captured save is atomic whatever the application chose: EF opens its own transaction, or its own savepoint in the application's.
        var facade = _context.Database;
        var before = (facade.AutoTransactionBehavior, facade.AutoSavepointsEnabled);
        facade.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        facade.AutoSavepointsEnabled = true;
        return before;
    }

    private void Restore((AutoTransactionBehavior Transactions, bool Savepoints) before)
    {
        _executor.Last = null;
        _context.Database.AutoTransactionBehavior = before.Transactions;
        _context.Database.AutoSavepointsEnabled = before.Savepoints;
    }

    // A save of other tables uses up its causes too: they must not reach a later, unrelated change.
    private int Finished(int rows)
    {
        _session.ClearCauses();
        return rows;
    }

    private sealed class CapturingExecutor(IBatchExecutor inner) : IBatchExecutor
    {
        public CaptureBatch? Last { get; set; }

        public int Execute(IEnumerable<ModificationCommandBatch> commandBatches, IRelationalConnection connection) =>
            inner.Execute(With(commandBatches), connection);

        public Task<int> ExecuteAsync(
            IEnumerable<ModificationCommandBatch> commandBatches,
            IRelationalConnection connection,
            CancellationToken cancellationToken = default
        )
        {
            if (Last is null || connection.CurrentTransaction is null)
                return inner.ExecuteAsync(With(commandBatches), connection, cancellationToken);
            var cancellable = With(commandBatches).Select(b => new CancellableBatch(b, cancellationToken));
            return inner.ExecuteAsync(cancellable, connection, CancellationToken.None);
        }

        private IEnumerable<ModificationCommandBatch> With(IEnumerable<ModificationCommandBatch> batches) =>
            Last is { } last ? Surround(batches, last) : batches;

        private static IEnumerable<ModificationCommandBatch> Surround(IEnumerable<ModificationCommandBatch> batches, CaptureBatch last)
        {
            if (last.Parents is { } first)
                yield return first;
            if (last.Cascaded is { } second)
                yield return second;
            foreach (var batch in batches)
            {
                last.Follows = true;
                yield return batch;
            }
            yield return last;
        }
    }
}
