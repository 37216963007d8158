using Microsoft.Data.Sqlite;
using Shop.Running;

namespace Shop.Story;

/// <summary>Waits for an instant in which services are in the midst of their work, by looking into their files.</summary>
internal static class BusyWatch
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Returns in such an instant, or when none came for a while: what a kill then met, its evidence tells.</summary>
    /// <param name="stage">Where the files are.</param>
    /// <param name="target">The target.</param>
    /// <param name="handling">Whether the target's handlers must be at work; else the orders service alone, and the target may be met anywhere.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task WaitAsync(Stage stage, Role target, bool handling, CancellationToken ct)
    {
        // Closed again before the kill: the files must be left as a crash leaves them.
        await using var source = Open(stage, Role.Orders);
        await using var replica = Open(stage, target);
        await using var unsent = new SqliteCommand("SELECT EXISTS (SELECT 1 FROM statecast_outbox)", source);
        await using var unhandled = new SqliteCommand("SELECT EXISTS (SELECT 1 FROM statecast_replica_pending)", replica);
        var started = stage.Clock.GetTimestamp();
        while (stage.Clock.GetElapsedTime(started) < Patience)
        {
            if ((!handling || unhandled.ExecuteScalar() is 1L) && unsent.ExecuteScalar() is 1L)
                return;
            await Task.Delay(1, ct);
        }
    }

    private static SqliteConnection Open(Stage stage, Role role)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(stage.Directory, $"{RoleHost.NameOf(role)}.db")};Pooling=False");
        connection.Open();
        return connection;
    }
}
