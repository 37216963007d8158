using Statecast.Events;
using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>The table of patches that wait for their base, and which keys have some: kept in memory, so that a batch asks for those only. Used under the file's gate.</summary>
internal sealed class SqliteReplicaWaiting
{
    private static readonly string Insert =
        $"INSERT INTO statecast_replica_waiting (key, {SqliteEventColumns.Names}, replica) VALUES ({SqliteEventColumns.Parameters(SqliteEventColumns.Count + 2)})";

    private readonly Dictionary<string, WaitingPatches> _keys = new(StringComparer.Ordinal);
    private readonly long _replica;

    private SqliteReplicaWaiting(long replica) => _replica = replica;

    /// <summary>All that waits.</summary>
    public WaitingPatches All { get; private set; }

    public IReadOnlyList<WaitingKey> Keys => [.. _keys.Select(k => new WaitingKey(k.Key, k.Value))];

    /// <summary>Reads which keys wait.</summary>
    public static SqliteReplicaWaiting Open(SqliteDatabase database, long replica)
    {
        var waiting = new SqliteReplicaWaiting(replica);
        var statement = database
            .Prepare(
                "SELECT key, count(*), sum(coalesce(length(body), 0)) FROM statecast_replica_waiting WHERE replica = ?1 GROUP BY key ORDER BY key"
            )
            .Bind(1, replica);
        while (statement.Step())
            waiting.Note(statement.Text(0), new(statement.Int64(1), statement.Int64(2)));
        return waiting;
    }

    /// <summary>The patches of a key, by revision.</summary>
    public IReadOnlyList<StateEvent> Find(SqliteDatabase database, string key)
    {
        if (!_keys.ContainsKey(key))
            return [];
        var patches = new List<StateEvent>();
        var statement = database
            .Prepare(
                $"SELECT {SqliteEventColumns.Names} FROM statecast_replica_waiting WHERE replica = ?1 AND key = ?2 ORDER BY epoch, revision"
            )
            .Bind(1, _replica)
            .Bind(2, key);
        while (statement.Step())
            patches.Add(SqliteEventColumns.Map(statement, key, 0));
        return patches;
    }

    /// <summary>Writes changes, within the caller's transaction.</summary>
    public void Write(SqliteDatabase database, IReadOnlyList<WaitingChange> changes)
    {
        foreach (var (key, patches) in changes)
        {
            database.Prepare("DELETE FROM statecast_replica_waiting WHERE replica = ?1 AND key = ?2").Bind(1, _replica).Bind(2, key).Run();
            foreach (var patch in patches)
                SqliteEventColumns.Bind(database.Prepare(Insert).Bind(1, key), 2, patch).Bind(SqliteEventColumns.Count + 2, _replica).Run();
        }
    }

    /// <summary>The transaction that wrote them committed.</summary>
    public void Committed(IReadOnlyList<WaitingChange> changes)
    {
        foreach (var (key, patches) in changes)
            Note(key, new(patches.Count, patches.Sum(p => (long)p.Body.Length)));
    }

    private void Note(string key, WaitingPatches patches)
    {
        All += patches - _keys.GetValueOrDefault(key);
        if (patches.Count > 0)
            _keys[key] = patches;
        else
            _keys.Remove(key);
    }
}
