using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Statecast.Contracts;
using Statecast.Publishing;

namespace Statecast.Aot;

/// <summary>The application's own table, in plain SQL.</summary>
internal static class CrateStore
{
    public const string Script = """
        CREATE TABLE IF NOT EXISTS crate (
            site TEXT NOT NULL, number INTEGER NOT NULL, content TEXT NOT NULL, weight TEXT NOT NULL, labels TEXT NOT NULL,
            PRIMARY KEY (site, number)
        );
        """;

    private const string Columns = "site, number, content, weight, labels";

    public static void Write(SqliteConnection connection, SqliteTransaction? transaction, Crate crate)
    {
        using var command = Command(
            connection,
            transaction,
            $"""
            INSERT INTO crate ({Columns}) VALUES ($site, $number, $content, $weight, $labels)
            ON CONFLICT DO UPDATE SET content = excluded.content, weight = excluded.weight, labels = excluded.labels
            """
        );
        command.Parameters.AddWithValue("$site", crate.Site);
        command.Parameters.AddWithValue("$number", crate.Number);
        command.Parameters.AddWithValue("$content", crate.Content);
        command.Parameters.AddWithValue("$weight", crate.Weight.ToString(CultureInfo.InvariantCulture));
        command.Parameters.AddWithValue("$labels", string.Join(',', crate.Labels));
        command.ExecuteNonQuery();
    }

    public static void Remove(SqliteConnection connection, SqliteTransaction transaction, Crate.Key key)
    {
        using var command = Command(connection, transaction, "DELETE FROM crate WHERE site = $site AND number = $number");
        command.Parameters.AddWithValue("$site", key.Site);
        command.Parameters.AddWithValue("$number", key.Number);
        command.ExecuteNonQuery();
    }

    public static Crate? Find(SqliteConnection connection, SqliteTransaction transaction, Crate.Key key)
    {
        using var command = Command(connection, transaction, $"SELECT {Columns} FROM crate WHERE site = $site AND number = $number");
        command.Parameters.AddWithValue("$site", key.Site);
        command.Parameters.AddWithValue("$number", key.Number);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Map(reader) : null;
    }

    /// <summary>Keys in the order of the rows' numbers, from after one of them.</summary>
    public static RowPage Page(SqliteConnection connection, SqliteTransaction transaction, string? after, int limit)
    {
        using var command = Command(
            connection,
            transaction,
            "SELECT site, number, rowid FROM crate WHERE rowid > $after ORDER BY rowid LIMIT $limit"
        );
        command.Parameters.AddWithValue("$after", after is null ? 0 : long.Parse(after, CultureInfo.InvariantCulture));
        command.Parameters.AddWithValue("$limit", limit);
        using var reader = command.ExecuteReader();
        var keys = new List<string>();
        var last = 0L;
        while (reader.Read())
        {
            keys.Add(CrateSource.Contract.FormatKey(new(reader.GetString(0), reader.GetInt32(1))));
            last = reader.GetInt64(2);
        }
        return new(keys, keys.Count < limit ? null : last.ToString(CultureInfo.InvariantCulture));
    }

    private static Crate Map(SqliteDataReader row)
    {
        var labels = row.GetString(4);
        return new(
            row.GetString(0),
            row.GetInt32(1),
            row.GetString(2),
            decimal.Parse(row.GetString(3), CultureInfo.InvariantCulture),
            labels.Length == 0 ? [] : [.. labels.Split(',')]
        );
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction? transaction, string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }
}
