using Statecast.Outbox;
using Statecast.Sqlite.Files;

namespace Statecast.Sqlite.Capture;

/// <summary>A row of the republisher's queue: whoever asks for something to be said again adds one.</summary>
internal static class SqliteRepublishRow
{
    public const string Insert =
        "INSERT INTO statecast_republish (contract, key, first_bucket, last_bucket, destination, reason, cursor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    /// <summary>Adds one.</summary>
    /// <param name="insert"><see cref="Insert"/>, prepared.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="cursor">Where the work stands; null for its beginning.</param>
    public static void Add(SqliteStatement insert, RepublishRequest request, string? cursor) =>
        insert
            .Bind(1, request.Contract)
            .Bind(2, request.Key)
            .Bind(3, request.FirstBucket)
            .Bind(4, request.LastBucket)
            .Bind(5, request.Destination)
            .Bind(6, request.Reason)
            .Bind(7, cursor)
            .Run();
}
