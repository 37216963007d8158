using Statecast.Replicas;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Replicas;

/// <summary>
/// What a file holds of older majors that no upcaster leads from. It is refused before anything is written: a build that has the upcaster, the one before or the one
/// after, finds all as it was.
/// </summary>
internal static class SqliteReplicaGaps
{
    /// <summary>Looks for a replica that would stay behind where another begins anew: its handlers' work would be forgotten without a word.</summary>
    /// <exception cref="ReplicaStoreException">There is one.</exception>
    public static void RefuseReplicas(SqliteDatabase database, ReplicaLayout layout)
    {
        if (layout.Gap is not { } gapOf)
            return;
        // Another service's are not ours to take over.
        var statement = database
            .Prepare("SELECT name FROM statecast_replica WHERE target IS NULL OR ?1 IS NULL OR target = ?1")
            .Bind(1, layout.Target);
        foreach (var name in All(statement, s => s.Text(0)))
            if (gapOf(name) is { } gap)
                throw new ReplicaStoreException(
                    $"The replica '{layout.Name}' in '{database.Path}' is not begun beside '{name}', which it should take over: {gap} {WayOut}"
                );
    }

    /// <summary>Looks for states that nothing here reads. It goes through all rows: for an open whose layout has changed, which does so anyway.</summary>
    /// <exception cref="ReplicaStoreException">There are some.</exception>
    public static void RefuseStates(SqliteDatabase database, ReplicaLayout layout, long id)
    {
        if (layout.Gap is not { } gapOf)
            return;
        var contract = layout.Name[..layout.Name.LastIndexOf('.')];
        var statement = database
            .Prepare(
                $"SELECT DISTINCT major FROM {SqliteReplicaTables.Rows(layout.Name)} WHERE NOT deleted "
                    + "UNION SELECT major FROM statecast_replica_pending WHERE replica = ?1 AND major IS NOT NULL "
                    + "UNION SELECT previous_major FROM statecast_replica_pending WHERE replica = ?1 AND previous_major IS NOT NULL"
            )
            .Bind(1, id);
        foreach (var major in All(statement, s => s.Int64(0)))
            if (gapOf($"{contract}.v{major}") is { } gap)
                throw new ReplicaStoreException(
                    $"The replica '{layout.Name}' in '{database.Path}' keeps states of version {major}, in rows or for handlers: {gap} "
                        + $"Keep it until newer states have replaced them all. {WayOut}"
                );
    }

    private const string WayOut = "To fill the replica anew instead, give it another file with InSqlite(…), or move this one away.";

    private static List<T> All<T>(SqliteStatement statement, Func<SqliteStatement, T> map)
    {
        var all = new List<T>();
        while (statement.Step())
            all.Add(map(statement));
        statement.Reset();
        return all;
    }
}
