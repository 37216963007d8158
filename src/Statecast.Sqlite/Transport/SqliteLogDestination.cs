using Statecast.Events;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Transport;

/// <summary>A destination that a log file lists.</summary>
/// <param name="Id">Its number in the file.</param>
/// <param name="Name">Its name.</param>
/// <param name="Contract">The contract that the source says it is of.</param>
/// <param name="Lanes">Its lanes.</param>
internal sealed record SqliteLogDestination(long Id, string Name, string Contract, LaneId[] Lanes)
{
    /// <summary>Finds a destination; null if the file does not list it.</summary>
    public static SqliteLogDestination? Find(SqliteDatabase database, string name)
    {
        var statement = database.Prepare("SELECT id, lanes, contract FROM destination WHERE name = ?1").Bind(1, name);
        if (!statement.Step())
            return null;
        var lanes = new LaneId[statement.Int32(1)];
        for (var n = 0; n < lanes.Length; n++)
            lanes[n] = new(name, n);
        var destination = new SqliteLogDestination(statement.Int64(0), name, statement.Text(2), lanes);
        statement.Reset();
        return destination;
    }

    /// <summary>Where each lane ends: one beyond its last record, 0 for an empty lane.</summary>
    public long[] ReadEnds(SqliteDatabase database)
    {
        var ends = new long[Lanes.Length];
        var statement = database.Prepare("SELECT number, next FROM lane WHERE destination = ?1").Bind(1, Id);
        while (statement.Step())
            if (statement.Int64(0) is var number && number >= 0 && number < ends.Length)
                ends[number] = statement.Int64(1);
        return ends;
    }
}
