using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>An event exists if and only if the source's transaction committed, however the transaction came about and ended.</summary>
public sealed class CaptureTransactionTests : IAsyncLifetime
{
    private readonly LostCommit _lost = new();
    private CaptureWorld _world = null!;

    public async ValueTask InitializeAsync() =>
        _world = await CaptureWorld.CreateAsync(o =>
        {
            o.Context = b => b.AddInterceptors(_lost);
            o.Sqlite = s => s.ExecutionStrategy(d => new RetryingStrategy(d.CurrentContext.Context));
        });

    public ValueTask DisposeAsync()
    {
        _world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Several_saves_in_one_transaction_number_on()
    {
        await InTransactionAsync(
            (db, _) =>
            {
                var order = db.Add(CaptureWorld.NewOrder()).Entity;
                db.SaveChanges();
                order.Status = "paid";
                db.SaveChanges();
                order.Lines[0].Quantity = 50;
                db.SaveChanges();
                Assert.Empty(_world.Outbox());
            }
        );

        Assert.Equal("U1,U2,U3", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Store_hears_of_a_save_when_its_own_commit_is_done()
    {
        var seen = new List<int>();
        _world.Store.OnSaved = () => seen.Add(_world.Outbox().Count);
        _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity);
        Assert.Equal([1], seen);

        // The application commits this one, moments after the save.
        await InTransactionAsync(
            (db, _) =>
            {
                db.Add(CaptureWorld.NewOrder());
                db.SaveChanges();
                Assert.Equal([1, 1], seen);
            }
        );
        Assert.Equal([1, 1], seen);
    }

    [Fact]
    public async Task Savepoint_rolled_back_takes_its_events_along()
    {
        await InTransactionAsync(
            (db, transaction) =>
            {
                var order = db.Add(CaptureWorld.NewOrder()).Entity;
                db.SaveChanges();
                transaction.CreateSavepoint("before");
                order.Status = "gone";
                db.SaveChanges();
                transaction.RollbackToSavepoint("before");
            }
        );

        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Transaction_rolled_back_publishes_nothing()
    {
        await InTransactionAsync(
            (db, transaction) =>
            {
                db.Add(CaptureWorld.NewOrder());
                db.SaveChanges();
                transaction.Rollback();
            },
            commit: false
        );

        Assert.Empty(_world.Outbox());
        Assert.Equal(0, _world.Number("SELECT count(*) FROM statecast_head"));
    }

    [Fact]
    public async Task Transaction_disposed_then_the_same_context_saves_again()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        await using var db = _world.Open();
        var order = db.Orders.Include(o => o.Lines).Single(o => o.Id == id);
        await db
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                order.Status = "lost";
                await db.SaveChangesAsync();
            });
        // The tracker believes that the status is lost; the event says what the rows say.
        order.Lines[0].Quantity = 77;
        await db.SaveChangesAsync();

        Assert.Equal("U1,U2", _world.Story());
        Assert.DoesNotContain("lost", _world.Outbox()[^1].Body);
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Foreign_transaction_committed_past_EF_Core()
    {
        using var connection = new SqliteConnection(_world.ConnectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        var options = new DbContextOptionsBuilder<ShopDb>()
            .UseSqlite(connection)
            .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
        EntityFrameworkCore.DbContextOptionsBuilderExtensions.UseStatecast(options, _world.Source);
        using var db = new ShopDb(options.Options);
        db.Database.UseTransaction(transaction);
        db.Add(new Invoice { Number = "u", Net = 1 });
        db.SaveChanges();
        transaction.Commit();

        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Foreign_transaction_rolled_back_past_EF_Core()
    {
        using (var connection = new SqliteConnection(_world.ConnectionString))
        {
            connection.Open();
            using var transaction = connection.BeginTransaction();
            var options = new DbContextOptionsBuilder<ShopDb>()
                .UseSqlite(connection)
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));
            EntityFrameworkCore.DbContextOptionsBuilderExtensions.UseStatecast(options, _world.Source);
            using var db = new ShopDb(options.Options);
            db.Database.UseTransaction(transaction);
            db.Add(new Invoice { Number = "u", Net = 1 });
            db.SaveChanges();
            transaction.Rollback();
        }

        Assert.Empty(_world.Outbox());
    }

    [Theory, InlineData(AutoTransactionBehavior.Never), InlineData(AutoTransactionBehavior.WhenNeeded)]
    public void Implicit_transaction_is_opened_and_the_setting_left_alone(AutoTransactionBehavior behavior)
    {
        using var db = _world.Open();
        db.Database.AutoTransactionBehavior = behavior;
        db.Database.AutoSavepointsEnabled = false;
        _world.Store.BeforeWrite = () => throw new InvalidOperationException("planted");
        db.Add(new Invoice { Number = "n", Net = 1 });

        Assert.Throws<InvalidOperationException>(() => db.SaveChanges());
        Assert.Equal(0, _world.Number("SELECT count(*) FROM Invoices"));
        Assert.Equal(behavior, db.Database.AutoTransactionBehavior);
        Assert.False(db.Database.AutoSavepointsEnabled);
        _world.Store.BeforeWrite = null;
        db.SaveChanges();
        Assert.Equal("U1", _world.Story());
        Assert.Equal(behavior, db.Database.AutoTransactionBehavior);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Retrying_strategy_survives_a_lost_answer(bool committed)
    {
        using var db = _world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        db.SaveChanges();
        order.Status = "retried";
        (_lost.Before, _lost.After) = (!committed, committed);
        db.SaveChanges();

        // After the lost answer the second attempt finds what the first committed: nothing is published twice.
        Assert.Equal("U1,U2", _world.Story());
        Assert.False(_lost.Before || _lost.After);
        _world.AssertCapturedEqualsRows();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Retrying_strategy_survives_a_lost_answer_to_an_insert(bool committed)
    {
        await using var db = _world.Open();
        db.Add(new Invoice { Number = "n", Net = 1 });
        (_lost.Before, _lost.After) = (!committed, committed);
        await db.SaveChangesAsync();

        // EF Core itself inserts a generated key twice after a lost answer; both rows exist, so both are published.
        Assert.Equal(committed ? 2 : 1, _world.Number("SELECT count(*) FROM Invoices"));
        _world.AssertCapturedEqualsRows();
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Capture_that_fails_undoes_the_save(bool beforeLock)
    {
        using var db = _world.Open();
        var invoice = db.Add(new Invoice { Number = "n", Net = 5 }).Entity;
        Action planted = () => throw new InvalidOperationException("planted");
        _world.Store.BeforeLock = beforeLock ? planted : null;
        _world.Store.BeforeWrite = beforeLock ? null : planted;

        Assert.Equal("planted", Assert.Throws<InvalidOperationException>(() => db.SaveChanges()).Message);
        Assert.Equal(0, _world.Number("SELECT count(*) FROM Invoices"));
        Assert.Equal(EntityState.Added, db.Entry(invoice).State);
        Assert.Equal(0, invoice.Id);
        (_world.Store.BeforeLock, _world.Store.BeforeWrite) = (null, null);
        db.SaveChanges();
        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Capture_that_fails_is_undone_in_the_applications_transaction()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        await InTransactionAsync(
            (db, _) =>
            {
                db.Database.AutoSavepointsEnabled = false;
                var order = db.Orders.Single(o => o.Id == id);
                order.Status = "not published";
                _world.Store.BeforeWrite = () => throw new InvalidOperationException("planted");
                Assert.Throws<InvalidOperationException>(() => db.SaveChanges());
                _world.Store.BeforeWrite = null;
                // The application swallows the failure and commits.
            }
        );

        Assert.Equal(0, _world.Number("SELECT count(*) FROM Orders WHERE Status = 'not published'"));
        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public async Task Failed_save_in_a_transaction_does_not_spoil_the_next()
    {
        var id = _world.Save(db => db.Add(CaptureWorld.NewOrder()).Entity).Id;
        await InTransactionAsync(
            (db, _) =>
            {
                var order = db.Orders.Include(o => o.Lines).Single(o => o.Id == id);
                order.Lines.Add(new() { Sku = "sku0" });
                Assert.Throws<DbUpdateException>(() => db.SaveChanges());
                order.Lines.RemoveAt(order.Lines.Count - 1);
                order.Status = "after a failure";
                db.SaveChanges();
            }
        );

        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Failed_save_retried_publishes_once()
    {
        using var db = _world.Open();
        var order = db.Add(CaptureWorld.NewOrder()).Entity;
        order.Lines[1].Sku = order.Lines[0].Sku;
        Assert.Throws<DbUpdateException>(() => db.SaveChanges());
        Assert.Empty(_world.Outbox());
        order.Lines[1].Sku = "mended";
        db.SaveChanges();

        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Fact]
    public void Optimistic_failure_publishes_nothing_and_can_be_mended()
    {
        var id = _world.Save(db => db.Add(new Invoice { Number = "n", Net = 1 }).Entity).Id;
        using var db = _world.Open();
        var invoice = db.Invoices.Single(i => i.Id == id);
        _world.Sql("UPDATE Invoices SET Version = 9");
        invoice.Net = 2;
        invoice.Version++;
        Assert.Throws<DbUpdateConcurrencyException>(() => db.SaveChanges());
        Assert.Equal("U1", _world.Story());
        Assert.Equal(AutoTransactionBehavior.WhenNeeded, db.Database.AutoTransactionBehavior);

        db.Entry(invoice).OriginalValues.SetValues(db.Entry(invoice).GetDatabaseValues()!);
        db.SaveChanges();
        Assert.Equal("U1,U2", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Cancellation_undoes_the_save(bool insideCapture)
    {
        await using var db = _world.Open();
        using var cancel = new CancellationTokenSource();
        db.Add(CaptureWorld.NewOrder());
        if (insideCapture)
            _world.Store.BeforeLock = cancel.Cancel;
        else
            await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => db.SaveChangesAsync(cancel.Token));
        Assert.Equal(0, _world.Number("SELECT count(*) FROM Orders"));
        _world.Store.BeforeLock = null;
        await db.SaveChangesAsync();
        Assert.Equal("U1", _world.Story());
        _world.AssertCapturedEqualsRows();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Cancellation_undoes_the_save_in_the_applications_transaction(bool beforeWrite)
    {
        await using var db = _world.Open();
        using var cancel = new CancellationTokenSource();
        _world.Store.BeforeLock = beforeWrite ? null : cancel.Cancel;
        _world.Store.BeforeWrite = beforeWrite ? cancel.Cancel : null;
        await db
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                db.Add(CaptureWorld.NewOrder());
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => db.SaveChangesAsync(cancel.Token));
                // The application gives this save up and commits the rest.
                await transaction.CommitAsync();
            });

        Assert.Equal(0, _world.Number("SELECT count(*) FROM Orders"));
        Assert.Empty(_world.Outbox());
    }

    [Fact]
    public async Task Concurrent_child_saves_of_one_aggregate_never_step_back()
    {
        var order = _world.Save(db => db.Add(CaptureWorld.NewOrder(4)).Entity);
        await Task.WhenAll(
            order.Lines.Select(line =>
                Task.Run(async () =>
                {
                    for (var i = 1; i <= 40; i++)
                    {
                        await using var db = _world.Open();
                        (await db.Lines.SingleAsync(l => l.Id == line.Id)).Quantity = 100 + i;
                        await db.SaveChangesAsync();
                    }
                })
            )
        );

        Assert.Equal(Enumerable.Range(1, 161).Select(i => (long)i), _world.Outbox().Select(r => r.Revision));
        _world.AssertCapturedEqualsRows();
    }

    private async Task InTransactionAsync(Action<ShopDb, IDbContextTransaction> work, bool commit = true)
    {
        await using var db = _world.Open();
        await db
            .Database.CreateExecutionStrategy()
            .ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                work(db, transaction);
                if (commit)
                    await transaction.CommitAsync();
            });
    }
}
