using Statecast.Sqlite.Files;
using Statecast.Transport;

namespace Statecast.Sqlite.Transport;

/// <summary>What a source declares in its log file at start.</summary>
/// <param name="Incarnation">The file's incarnation.</param>
/// <param name="Destinations">The declared destinations.</param>
internal sealed record SqliteLogDeclaration(long Incarnation, IReadOnlyList<SqliteLogDestination> Destinations)
{
    /// <summary>Makes or checks the file's contents, within the caller's write transaction.</summary>
    /// <exception cref="TransportException">The file is another source's, or a destination has another lane count.</exception>
    public static SqliteLogDeclaration Declare(SqliteDatabase database, SenderOptions options, long incarnation, DateTimeOffset now)
    {
        var header = SqliteLogHeader.Read(database);
        if (header.Kind == SqliteLogKind.Empty)
        {
            SqliteLogTables.Create(database, options.Source, incarnation, now);
            header = SqliteLogHeader.Read(database);
        }
        if (header.Refusal(database.Path) is { } refusal)
            throw new TransportException(refusal);
        if (header.Source != options.Source)
            throw new TransportException(
                $"The log file '{database.Path}' belongs to the source '{header.Source}', not to '{options.Source}'. A log file is never copied or renamed: remove it."
            );
        return new(header.Incarnation, [.. options.Destinations.Select(d => Declare(database, d))]);
    }

    private static SqliteLogDestination Declare(SqliteDatabase database, SenderDestination wanted)
    {
        var name = wanted.Contract.Destination;
        if (SqliteLogDestination.Find(database, name) is { } known)
        {
            if (known.Lanes.Length != wanted.Lanes)
                throw new TransportException(
                    $"The destination '{name}' has {known.Lanes.Length} lanes in '{database.Path}', and {wanted.Lanes} are configured. Keys would change their lanes: "
                        + $"set Lanes = {known.Lanes.Length}, or stop the source, remove the file and republish."
                );
            database.Prepare("UPDATE destination SET codec = ?1 WHERE id = ?2").Bind(1, wanted.Codec).Bind(2, known.Id).Run();
            return known;
        }
        SqliteLogTables.CreateRecords(database, name);
        database
            .Prepare("INSERT INTO destination (name, contract, major, lanes, codec) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, name)
            .Bind(2, wanted.Contract.Name)
            .Bind(3, wanted.Contract.Major)
            .Bind(4, wanted.Lanes)
            .Bind(5, wanted.Codec)
            .Run();
        return SqliteLogDestination.Find(database, name)!;
    }
}
