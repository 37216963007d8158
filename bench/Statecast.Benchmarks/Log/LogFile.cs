using Microsoft.Data.Sqlite;

namespace Statecast.Benchmarks.Log;

/// <summary>The files of a pair, and how the hand-written one opens them.</summary>
internal static class LogFile
{
    public static string Source(string directory) => Path.Combine(directory, "orders.db");

    public static string Log(string directory) => Path.Combine(directory, "orders.log.db");

    /// <summary>The SQLite log's directory.</summary>
    public static string LogDirectory(string directory) => Path.Combine(directory, "log");

    public static string Replica(string directory) => Path.Combine(directory, "replica.db");

    /// <summary>Where the target listens for the relay's word that there is more.</summary>
    public static string Wake(string directory) => Path.Combine(directory, "wake");

    /// <summary>Opens a file in WAL mode.</summary>
    public static SqliteConnection Open(string path, string synchronous)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, $"PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};");
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A statement that is kept, with its parameters.</summary>
    public static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}
