using System.Data.Common;
using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite;
using Statecast.Sqlite.Capture;

namespace Statecast.Integration.Tests.Capture;

/// <summary>The real store, with a hook before every step.</summary>
internal sealed class FaultyCaptureStore : ICaptureStore
{
    private static readonly SqliteCaptureStore Inner = SqliteCaptureStore.Instance;

    public Action? BeforeLock { get; set; }

    public Action? BeforeWrite { get; set; }

    /// <summary>Within a look that holds no lock, before it reads.</summary>
    public Action? OnLook { get; set; }

    public Action? OnSaved { get; set; }

    public List<string> Locked { get; } = [];

    /// <summary>Calls that a database elsewhere would pay a round trip for.</summary>
    public List<string> Batches { get; } = [];

    public IRepublishStore Republish => Inner.Republish;

    public ValueTask<LockedHeads> LockAsync(CaptureScope scope, IReadOnlyList<HeadKeys> wanted)
    {
        BeforeLock?.Invoke();
        Batches.Add("lock");
        Locked.AddRange(wanted.SelectMany(w => w.Keys.Select(k => $"{w.Contract}/{k}")));
        return Inner.LockAsync(scope, wanted);
    }

    public ValueTask WriteAsync(CaptureScope scope, IReadOnlyList<HeadWrite> heads, IReadOnlyList<OutboxRow> rows)
    {
        BeforeWrite?.Invoke();
        Batches.Add("write");
        return Inner.WriteAsync(scope, heads, rows);
    }

    public async ValueTask<IReadOnlyList<WalkedHead>> WalkAsync(
        CaptureScope scope,
        string contract,
        string? after,
        int firstBucket,
        int lastBucket,
        int limit
    )
    {
        var heads = await Inner.WalkAsync(scope, contract, after, firstBucket, lastBucket, limit);
        if (scope.OnlyReads)
            OnLook?.Invoke();
        return heads;
    }

    public ValueTask<long> EnsureEpochAsync(CaptureScope scope, long epoch) => Inner.EnsureEpochAsync(scope, epoch);

    public void Saved(DbConnection connection)
    {
        OnSaved?.Invoke();
        Inner.Saved(connection);
    }
}

internal sealed class TestDatabaseAdapter(ICaptureStore capture) : IDatabaseAdapter
{
    public string ProviderName => "Microsoft.EntityFrameworkCore.Sqlite";

    public Type ConnectionType => typeof(Microsoft.Data.Sqlite.SqliteConnection);

    public string TableScript => "";

    public ICaptureStore Capture => capture;

    public string Locate(DbConnection connection) => connection.DataSource;

    public ValueTask<SourceTransaction?> BeginReadAsync(DbConnection connection, CancellationToken ct) =>
        new SqliteAdapter().BeginReadAsync(connection, ct);

    public IOutboxStore OpenOutbox(string connectionString) => throw new NotSupportedException();
}
