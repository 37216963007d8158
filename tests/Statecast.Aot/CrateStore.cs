using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Statecast.Publishing.Explicit;

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

    public static List<Crate.Key> Page(SqliteConnection connection, SqliteTransaction transaction, KeyPage<Crate.Key> page)
    {
        using var command = Command(
            connection,
            transaction,
            "SELECT site, number FROM crate WHERE $first OR (site, number) > ($site, $number) ORDER BY site, number LIMIT $limit"
        );
        command.Parameters.AddWithValue("$first", page.First);
        command.Parameters.AddWithValue("$site", page.After.Site ?? "");
        command.Parameters.AddWithValue("$number", page.After.Number);
        command.Parameters.AddWithValue("$limit", page.Limit);
        using var reader = command.ExecuteReader();
        var keys = new List<Crate.Key>();
        while (reader.Read())
            keys.Add(new(reader.GetString(0), reader.GetInt32(1)));
        return keys;
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

/// <summary>The table, as Statecast reads it.</summary>
internal sealed class CrateRows : IStateRows<Crate.Key, Crate>
{
    public ValueTask<IReadOnlyList<Crate>> FindAsync(DbTransaction transaction, IReadOnlyList<Crate.Key> keys, CancellationToken ct)
    {
        var own = (SqliteTransaction)transaction;
        return new([.. keys.Select(k => CrateStore.Find(own.Connection!, own, k)).OfType<Crate>()]);
    }

    public ValueTask<IReadOnlyList<Crate.Key>> NextKeysAsync(DbTransaction transaction, KeyPage<Crate.Key> page, CancellationToken ct)
    {
        var own = (SqliteTransaction)transaction;
        return new(CrateStore.Page(own.Connection!, own, page));
    }
}
