using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Statecast.EntityFrameworkCore.Capture;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.EntityFrameworkCore;

/// <summary>An application's DbContext as a source: made by <c>FromDbContext</c>, worked on by the host.</summary>
/// <typeparam name="TContext">The context.</typeparam>
public sealed class EfStateSource<TContext> : IStateSource, IRepublishDatabase
    where TContext : DbContext
{
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger _logger;
    private Republisher? _republisher;
    private (IDatabaseAdapter Adapter, string ConnectionString)? _database;

    internal EfStateSource(string name, EfCapture capture, IServiceScopeFactory scopes, ILogger<EfStateSource<TContext>> logger)
    {
        Name = name;
        Capture = capture;
        _scopes = scopes;
        _logger = logger;
        Publications = [.. capture.Publications.Select(p => p.Publication)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Publication> Publications { get; }

    internal EfCapture Capture { get; }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RepublishRequest>> PrepareAsync(CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var context =
            scope.ServiceProvider.GetService<TContext>()
            ?? throw new SourceException(
                $"{Name} is not registered: call AddDbContext<{typeof(TContext).Name}>(…), AddDbContextPool or AddDbContextFactory beside AddStatecast."
            );
        var adapter = Capture.AdapterFor(context, Capture.ShapeOf(context.Model));
        SourceChecks.Check(context, Capture);
        foreach (var publication in Publications)
            Capture.RequireRoutes(publication);
        foreach (var publication in Capture.ShapeOf(context.Model).Publications)
            EfLog.Publishes(
                _logger,
                publication.Publication.Publication.Contract.Name,
                publication.Plan.Root.ShortName(),
                Name,
                publication.Plan.Described
            );
        _database = (
            adapter,
            context.Database.GetConnectionString()
                ?? throw new SourceException(
                    $"{Name} has no connection string, so the relay cannot open its database. Configure the provider with one."
                )
        );
        _republisher = new(Capture.Capture, adapter.Capture);
        return await PrepareTablesAsync(context, adapter.Capture, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IOutboxStore OpenOutbox()
    {
        var (adapter, connectionString) = _database ?? throw NotPrepared();
        return adapter.OpenOutbox(connectionString);
    }

    /// <inheritdoc/>
    public async ValueTask RequestRepublishAsync(IReadOnlyList<RepublishRequest> requests, CancellationToken ct)
    {
        foreach (var request in requests)
        {
            var publication =
                Publications.FirstOrDefault(p => p.Contract.Name == request.Contract)
                ?? throw new SourceException($"{Name} does not publish {request.Contract}.");
            string[] destinations = [publication.Contract.Destination, .. publication.Older.Select(c => c.Destination)];
            // What answers one target names its destination first.
            if (request.Destination is { } destination && !destinations.Contains(SnapshotLane.LiveOf(new(destination, 0)).Destination))
                throw new SourceException($"{request.Contract} goes to {string.Join(", ", destinations)}, not to {destination}.");
        }
        await using var scope = _scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        var store = Capture.AdapterFor(context, Capture.ShapeOf(context.Model)).Capture.Republish;
        await InTransactionAsync(
                context,
                async session =>
                {
                    await store.QueueAsync(session.Scope, requests).ConfigureAwait(false);
                    return true;
                },
                ct
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<RepublishChunk> RepublishChunkAsync(int maxKeys, CancellationToken ct) =>
        (_republisher ?? throw NotPrepared()).NextAsync(this, maxKeys, ct);

    async Task<RepublishChunk> IRepublishDatabase.WriteAsync(Func<IRepublishSession, ValueTask<RepublishChunk>> work, CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        return await InTransactionAsync(context, work, ct).ConfigureAwait(false);
    }

    async Task<AnswersAhead?> IRepublishDatabase.ReadAsync(Func<IRepublishSession, ValueTask<AnswersAhead?>> work, CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        var strategy = context.Database.CreateExecutionStrategy();
        return await strategy.ExecuteAsync(token => ReadAsync(context, work, token), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<RepublishQueue> CountRepublishAsync(CancellationToken ct)
    {
        var republisher = _republisher ?? throw NotPrepared();
        await using var scope = _scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        return await InTransactionAsync(context, republisher.CountAsync, ct).ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<RepublishRequest>> PrepareTablesAsync(TContext context, ICaptureStore store, CancellationToken ct)
    {
        try
        {
            var now = Capture.Capture.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            return await InTransactionAsync(
                    context,
                    async session =>
                    {
                        await store.EnsureEpochAsync(session.Scope, now).ConfigureAwait(false);
                        return await PublishedContracts
                            .ReconcileAsync(store.Republish, session.Scope, Name, Publications)
                            .ConfigureAwait(false);
                    },
                    ct
                )
                .ConfigureAwait(false);
        }
        // What the store found is about a database; whoever reads it knows the context.
        catch (SourceException failure)
        {
            throw new SourceException($"{Name} cannot publish: {failure.Message}", failure.InnerException ?? failure);
        }
        catch (System.Data.Common.DbException failure)
        {
            throw new SourceException(
                $"Statecast's tables in the database of {Name} ({context.Database.GetDbConnection().DataSource}) cannot be used: {failure.Message.TrimEnd('.')}. "
                    + "If they are missing, apply a migration that has them; if the database is locked, end what holds it, or give its commands more time (the connection string's Default Timeout).",
                failure
            );
        }
    }

    /// <summary>One transaction, under the application's own execution strategy: a retry starts it anew.</summary>
    private async ValueTask<T> InTransactionAsync<T>(TContext context, Func<IRepublishSession, ValueTask<T>> work, CancellationToken ct) =>
        await context.Database.CreateExecutionStrategy().ExecuteAsync(token => WriteAsync(context, work, token), ct).ConfigureAwait(false);

    private async Task<T> WriteAsync<T>(TContext context, Func<IRepublishSession, ValueTask<T>> work, CancellationToken ct)
    {
        await context.Database.OpenConnectionAsync(ct).ConfigureAwait(false);
        var connection = context.Database.GetDbConnection();
        var adapter = Capture.AdapterFor(context, Capture.ShapeOf(context.Model));
        var transaction = await adapter.BeginAsync(connection, ct).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var scope = new CaptureScope(connection, transaction.Transaction, Synchronous: false, ct);
            var result = await InScopeAsync(context, scope, work).ConfigureAwait(false);
            await transaction.Transaction.CommitAsync(ct).ConfigureAwait(false);
            adapter.Capture.Saved(connection);
            return result;
        }
    }

    /// <summary>A look beside writers; nothing where the database has none.</summary>
    private async Task<AnswersAhead?> ReadAsync(
        TContext context,
        Func<IRepublishSession, ValueTask<AnswersAhead?>> work,
        CancellationToken ct
    )
    {
        await context.Database.OpenConnectionAsync(ct).ConfigureAwait(false);
        var connection = context.Database.GetDbConnection();
        var adapter = Capture.AdapterFor(context, Capture.ShapeOf(context.Model));
        if (await adapter.BeginReadAsync(connection, ct).ConfigureAwait(false) is not { } transaction)
            return null;
        await using (transaction.ConfigureAwait(false))
        {
            var scope = new CaptureScope(connection, transaction.Transaction, Synchronous: false, ct) { OnlyReads = true };
            return await InScopeAsync(context, scope, work).ConfigureAwait(false);
        }
    }

    private async ValueTask<T> InScopeAsync<T>(TContext context, CaptureScope scope, Func<IRepublishSession, ValueTask<T>> work)
    {
        await context.Database.UseTransactionAsync(scope.Transaction, scope.CancellationToken).ConfigureAwait(false);
        try
        {
            return await work(new EfRepublishSession(context, Capture.ShapeOf(context.Model), Publications, scope)).ConfigureAwait(false);
        }
        finally
        {
            // Another begins after it.
            await context.Database.UseTransactionAsync(null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private InvalidOperationException NotPrepared() => new($"{Name} is not prepared yet: PrepareAsync comes first.");
}
