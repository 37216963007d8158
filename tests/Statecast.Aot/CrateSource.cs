using Microsoft.Data.Sqlite;
using Statecast.Contracts;
using Statecast.Events;
using Statecast.Outbox;
using Statecast.Publishing;

namespace Statecast.Aot;

/// <summary>
/// A source without EF Core, as an adapter's author writes one: the application's own SQL and capture in one transaction of one connection.
/// Reaches only what is public.
/// </summary>
internal sealed class CrateSource(string connectionString, IDatabaseAdapter adapter, StateCapture capture) : IStateSource
{
    private readonly Publication<Crate> _crates = new(StateContract.Of<Crate>(), new());

    public static StateContract<Crate.Key, Crate> Contract { get; } = (StateContract<Crate.Key, Crate>)StateContract.Of<Crate>();

    public string Name => "crates";

    public IReadOnlyList<Publication> Publications => [_crates];

    public IOutboxStore OpenOutbox() => adapter.OpenOutbox(connectionString);

    public async ValueTask PrepareAsync(CancellationToken ct) =>
        await InTransactionAsync(
            async session =>
            {
                await adapter.Capture.EnsureEpochAsync(session.Scope, capture.Clock.GetUtcNow().ToUnixTimeMilliseconds());
                return await PublishedContracts.ReconcileAsync(adapter.Capture.Republish, session.Scope, Publications);
            },
            ct
        );

    public async ValueTask RequestRepublishAsync(RepublishRequest request, CancellationToken ct) =>
        await InTransactionAsync(
            async session =>
            {
                await adapter.Capture.Republish.QueueAsync(session.Scope, request);
                return true;
            },
            ct
        );

    public async ValueTask<int> RepublishChunkAsync(int maxKeys, CancellationToken ct)
    {
        while (true)
        {
            var chunk = await InTransactionAsync(session => new Republisher(capture, adapter.Capture).ChunkAsync(session, maxKeys), ct);
            if (chunk.PassedOver is [{ } bad, ..])
                throw bad;
            if (chunk.Keys > 0 || !chunk.Worked)
                return chunk.Keys;
        }
    }

    /// <summary>Writes a crate, for a cause, and captures it.</summary>
    public ValueTask<StateToken> SaveAsync(Crate crate, string cause) =>
        ChangeAsync(Contract.KeyOf(crate), cause, (connection, transaction) => CrateStore.Write(connection, transaction, crate));

    /// <summary>Deletes a crate, for a cause, and captures that.</summary>
    public ValueTask<StateToken> DeleteAsync(Crate.Key key, string cause) =>
        ChangeAsync(key, cause, (connection, transaction) => CrateStore.Remove(connection, transaction, key));

    private ValueTask<StateToken> ChangeAsync(Crate.Key key, string cause, Action<SqliteConnection, SqliteTransaction> change) =>
        InTransactionAsync(
            async session =>
            {
                change(session.Connection, session.Transaction);
                var touched = new CrateSet(session, _crates, [Contract.FormatKey(key)], cause);
                return (await capture.SaveAsync(adapter.Capture, session.Scope with { Wrote = true }, [touched]))[0];
            },
            CancellationToken.None
        );

    private async ValueTask<T> InTransactionAsync<T>(Func<CrateSession, ValueTask<T>> work, CancellationToken ct)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var transaction = connection.BeginTransaction();
        var result = await work(new(connection, transaction, Publications, ct));
        await transaction.CommitAsync(ct);
        adapter.Capture.Saved(connection);
        return result;
    }
}

/// <summary>One transaction of the source.</summary>
internal sealed class CrateSession(
    SqliteConnection connection,
    SqliteTransaction transaction,
    IReadOnlyList<Publication> publications,
    CancellationToken ct
) : IRepublishSession
{
    public SqliteConnection Connection => connection;

    public SqliteTransaction Transaction => transaction;

    public CaptureScope Scope { get; } = new(connection, transaction, Synchronous: false, ct);

    public IReadOnlyList<Publication> Publications => publications;

    public ICaptureSet Select(Publication publication, IReadOnlyList<string> keys) => new CrateSet(this, publication, keys, null);

    public ValueTask<RowPage> ReadRowsAsync(Publication publication, string? after, int limit) =>
        new(CrateStore.Page(connection, transaction, after, limit));
}

/// <summary>Touched crates, read back in the transaction that touched them.</summary>
internal sealed class CrateSet(CrateSession session, Publication publication, IReadOnlyList<string> keys, string? cause) : ICaptureSet
{
    public Publication Publication => publication;

    public IReadOnlyList<string> Keys => keys;

    public string? CausesOf(string key) => cause;

    public ValueTask<IReadOnlyList<KeyState>> ReadAsync(CaptureScope scope) =>
        new([
            .. keys.Select(k => new KeyState(CrateStore.Find(session.Connection, session.Transaction, CrateSource.Contract.ParseKey(k)))),
        ]);
}
