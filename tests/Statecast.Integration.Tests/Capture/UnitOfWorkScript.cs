using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Statecast.Integration.Tests.Capture;

/// <summary>
/// Random units of work over one or two contexts, decided by one seed: what is loaded and changed, who saves before whom, how it is saved, what
/// fails on the way and how it ends.
/// </summary>
internal sealed class UnitOfWorkScript
{
    private readonly Random _random;
    private readonly ModelWorld _world;
    private readonly List<string> _steps = [];
    private readonly Collisions _collisions;
    private readonly Func<ShopDb, Task<string>>[] _moves;

    public UnitOfWorkScript(int seed, ModelWorld world)
    {
        _random = new(seed);
        _world = world;
        var pick = new RowPicker(_random, world);
        _collisions = new(pick, world);
        _moves = [.. new OrderMoves(pick, world).All, .. new OtherMoves(pick, world).All];
    }

    /// <summary>What was done, for the failure's message.</summary>
    public string Story => string.Join("; ", _steps);

    /// <summary>Runs the script. Failures that belong to a script (a conflict, a duplicate, a planted one) are part of it; any other is a defect.</summary>
    public async Task RunAsync()
    {
        await using var scope = _world.OpenScope();
        await using var otherScope = _world.OpenScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        _world.Cover(db.ContextId.Lease > 1 ? "pooled context used again" : "new context");
        var other = _random.Next(2) == 0 ? otherScope.ServiceProvider.GetRequiredService<ShopDb>() : null;
        for (var unit = _random.Next(1, 3); unit > 0; unit--)
        {
            if (other is not null && _random.Next(2) == 0)
                await db.Orders.IgnoreQueryFilters().Include("Lines.Notes").LoadAsync();
            await MoveAsync(db);
            if (other is not null)
            {
                await InterleaveAsync(db, other);
                await MoveAsync(db);
            }
            await UnitAsync(db);
        }
    }

    /// <summary>The other context changes what the first one has loaded, and saves; what the first one holds is out of date then.</summary>
    private async Task InterleaveAsync(ShopDb db, ShopDb other)
    {
        _steps.Add("[other context");
        var collided = false;
        for (var i = _random.Next(1, 4); i > 0; i--)
            if (await _collisions.MoveAsync(db, other) is { } what)
            {
                collided = true;
                _steps.Add(what);
            }
        if (_random.Next(3) == 0)
            await MoveAsync(other);
        await UnitAsync(other);
        _steps.Add("]");
        _world.Cover(collided ? "stale context" : "second context");
    }

    private async Task UnitAsync(ShopDb db)
    {
        switch (_random.Next(6))
        {
            case 0 or 1:
                await InTransactionAsync(db, BeginAsync);
                break;
            case 2:
                await InTransactionAsync(db, UseForeignAsync);
                break;
            default:
                await SaveAsync(db);
                break;
        }
        if (_random.Next(4) == 0)
            db.ChangeTracker.Clear();
    }

    /// <summary>Several saves in a transaction of the application's, under its execution strategy: a retry runs moves anew, as an application would.</summary>
    private async Task InTransactionAsync(ShopDb db, Func<ShopDb, Task<IScriptTransaction>> begin)
    {
        var attempts = 0;
        try
        {
            await db
                .Database.CreateExecutionStrategy()
                .ExecuteAsync(async () =>
                {
                    if (attempts++ > 0)
                    {
                        _steps.Add("again");
                        _world.Cover("transaction retried");
                        db.ChangeTracker.Clear();
                    }
                    await using var transaction = await begin(db);
                    for (var saves = _random.Next(1, 3); saves > 0; saves--)
                        await SaveWithSavepointAsync(db, transaction);
                    await EndAsync(transaction, attempts);
                });
        }
        catch (InvalidOperationException lost) when (lost.Message == LostCommit.Transient && !_world.Retries)
        {
            _steps.Add("lost");
            if (_random.Next(2) == 0)
                db.ChangeTracker.Clear();
        }
    }

    private async Task SaveWithSavepointAsync(ShopDb db, IScriptTransaction transaction)
    {
        var savepoint = _random.Next(4) == 0;
        if (savepoint)
            await transaction.SavepointAsync("script");
        await SaveAsync(db);
        if (savepoint && _random.Next(2) == 0)
        {
            _steps.Add("rollback to savepoint");
            _world.Cover("savepoint rolled back");
            await transaction.RollbackToAsync("script");
            if (_random.Next(2) == 0)
                db.ChangeTracker.Clear();
        }
        await MoveAsync(db);
    }

    private async Task EndAsync(IScriptTransaction transaction, int attempts)
    {
        switch (_random.Next(6))
        {
            case 0:
                _steps.Add("rollback");
                _world.Cover("rollback");
                await transaction.RollbackAsync();
                break;
            case 1:
                _steps.Add("dispose");
                _world.Cover("transaction disposed");
                break;
            default:
                // The strategy gives up after a few attempts.
                using (attempts == 1 ? LoseAnswer() : null)
                {
                    _steps.Add("commit");
                    await transaction.CommitAsync();
                }
                break;
        }
    }

    private async Task SaveAsync(ShopDb db)
    {
        if (await TryAsync(db, SaveFault.Any) is not { } failure)
            return;
        if (_random.Next(4) == 0 || !await MendAsync(db, failure))
        {
            db.ChangeTracker.Clear();
            return;
        }
        _world.Cover("failed save retried");
        if (await TryAsync(db, SaveFault.None) is not null)
            db.ChangeTracker.Clear();
    }

    /// <summary>Saves; the failure if it is one that belongs to a script.</summary>
    private async Task<Exception?> TryAsync(ShopDb db, SaveFault allowed)
    {
        var fault = allowed == SaveFault.Any ? (SaveFault)_random.Next((int)SaveFault.Any + 14) : SaveFault.None;
        using var cancel = new CancellationTokenSource();
        _world.World.Store.BeforeLock = fault switch
        {
            SaveFault.BeforeLock => Planted,
            SaveFault.CancelledInCapture => cancel.Cancel,
            _ => null,
        };
        _world.World.Store.BeforeWrite = fault == SaveFault.BeforeWrite ? Planted : null;
        if (fault == SaveFault.Cancelled)
            await cancel.CancelAsync();
        var behavior = db.Database.AutoTransactionBehavior;
        if (_random.Next(6) == 0)
            db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
        try
        {
            _steps.Add(fault < SaveFault.Any && fault != SaveFault.None ? $"save ({fault})" : "save");
            // Inside the application's transaction a lost answer would be that of the application's own commit.
            using (db.Database.CurrentTransaction is null && fault >= SaveFault.Any ? LoseAnswer() : null)
                if (fault is SaveFault.Cancelled or SaveFault.CancelledInCapture || _random.Next(2) == 0)
                    await db.SaveChangesAsync(cancel.Token);
                else
                    db.SaveChanges();
            return null;
        }
        catch (Exception failure) when (Belongs(failure, cancel))
        {
            _steps.Add($"failed: {failure.GetType().Name}");
            _world.Cover($"failed: {(failure is InvalidOperationException ? failure.Message : failure.GetType().Name)}");
            return failure;
        }
        finally
        {
            db.Database.AutoTransactionBehavior = behavior;
            (_world.World.Store.BeforeLock, _world.World.Store.BeforeWrite) = (null, null);
        }

        static void Planted() => throw new InvalidOperationException(nameof(Planted));
    }

    private static bool Belongs(Exception failure, CancellationTokenSource cancel) =>
        failure is DbUpdateException
        || failure.Message is "Planted" or LostCommit.Transient
        || failure is OperationCanceledException && cancel.IsCancellationRequested
        || IsSecondInsertOfJson(failure);

    // EF Core itself, without capture too, cannot insert an owner with parts in JSON and a generated key again after a failure.
    private static bool IsSecondInsertOfJson(Exception failure) =>
        failure is NullReferenceException
        && failure.StackTrace?.Contains("ModificationCommand.<GenerateColumnModifications>g__FindJson", StringComparison.Ordinal) == true;

    /// <summary>Makes what failed savable, as an application would; false if there is no such way.</summary>
    private async Task<bool> MendAsync(ShopDb db, Exception failure)
    {
        if (failure is DbUpdateConcurrencyException conflict)
        {
            foreach (var entry in conflict.Entries)
                if (entry.Metadata.IsOwned())
                    return false;
                else if (await entry.GetDatabaseValuesAsync() is { } values)
                    entry.OriginalValues.SetValues(values);
                else
                    entry.State = EntityState.Detached;
            _world.Cover("optimistic failure mended");
            return true;
        }
        if (failure is DbUpdateException { InnerException: SqliteException { SqliteExtendedErrorCode: 2067 } })
            foreach (var line in db.ChangeTracker.Entries<OrderLine>().Where(l => l.State is EntityState.Added or EntityState.Modified))
                line.Entity.Sku = $"mended{_random.Next(1_000_000)}";
        else if (failure is DbUpdateException or NullReferenceException)
            return false;
        return true;
    }

    /// <summary>Sometimes the next commit's answer is lost: before it was committed, or after.</summary>
    private Reset LoseAnswer()
    {
        var lost = _world.Lost;
        (lost.Before, lost.After) = _random.Next(16) switch
        {
            0 => (true, false),
            1 => (false, true),
            _ => (false, false),
        };
        if (lost.Before || lost.After)
            _steps.Add(lost.Before ? "(lost before COMMIT)" : "(lost after COMMIT)");
        return new(_world, lost.Before, lost.After);
    }

    private async Task MoveAsync(ShopDb db)
    {
        for (var moves = _random.Next(1, 4); moves > 0; moves--)
        {
            var move = _moves[_random.Next(_moves.Length)];
            var name = move.Method.Name.Replace("Async", "", StringComparison.Ordinal);
            _steps.Add($"{name} {await move(db)}");
            _world.Cover(name);
        }
    }

    private static async Task<IScriptTransaction> BeginAsync(ShopDb db) =>
        new EfScriptTransaction(await db.Database.BeginTransactionAsync());

    /// <summary>A plain ADO.NET transaction that EF Core is only told of.</summary>
    private async Task<IScriptTransaction> UseForeignAsync(ShopDb db)
    {
        await db.Database.OpenConnectionAsync();
        var transaction = ((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction();
        await db.Database.UseTransactionAsync(transaction);
        _steps.Add("UseTransaction");
        return new ForeignScriptTransaction(_world, db, transaction);
    }

    private enum SaveFault
    {
        None,
        BeforeLock,
        BeforeWrite,
        Cancelled,
        CancelledInCapture,

        /// <summary>From here on nothing is planted in the save itself.</summary>
        Any,
    }

    private sealed class Reset(ModelWorld world, bool before, bool after) : IDisposable
    {
        public void Dispose()
        {
            if (before && !world.Lost.Before)
                world.Cover("lost before COMMIT");
            if (after && !world.Lost.After)
                world.Cover("lost after COMMIT");
            (world.Lost.Before, world.Lost.After) = (false, false);
        }
    }
}
