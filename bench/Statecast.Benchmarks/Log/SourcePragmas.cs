using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Statecast.Benchmarks.Log;

/// <summary>How the application opens its database, with Statecast and without: synced commits, and a wait for the file's one write lock inside SQLite.</summary>
internal sealed class SourcePragmas : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL;";
        command.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(
        DbConnection connection,
        ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
