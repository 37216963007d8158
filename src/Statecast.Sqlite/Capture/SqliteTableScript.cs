using System.Text;
using Statecast.Outbox;

namespace Statecast.Sqlite.Capture;

/// <summary>The table layout as an SQLite script, for databases whose tables are not made by an EF Core model.</summary>
public static class SqliteTableScript
{
    /// <summary>Statements that make every table and index that is not there yet. Safe to run again.</summary>
    public static string Create { get; } = Render();

    private static string Render()
    {
        var sql = new StringBuilder();
        foreach (var table in TableLayout.Tables)
        {
            sql.Append("CREATE TABLE IF NOT EXISTS \"").Append(table.Name).Append("\" (\n");
            foreach (var column in table.Columns)
                sql.Append("    \"").Append(column.Name).Append("\" ").Append(Type(table, column)).Append(",\n");
            // A generated key is declared in its column: only so does SQLite never use a number again.
            if (!table.Columns.Any(c => c.Generated))
                sql.Append("    CONSTRAINT \"PK_").Append(table.Name).Append("\" PRIMARY KEY (").Append(Names(table.Key)).Append("),\n");
            sql.Length -= 2;
            sql.Append("\n);\n");
            foreach (var index in table.Indexes)
                sql.Append("CREATE INDEX IF NOT EXISTS \"")
                    .Append(table.NameOf(index))
                    .Append("\" ON \"")
                    .Append(table.Name)
                    .Append("\" (")
                    .Append(Names(index.Columns))
                    .Append(index.Filter is { } filter ? $") WHERE {filter};\n" : ");\n");
        }
        return sql.ToString();
    }

    private static string Type(TableDefinition table, TableColumn column)
    {
        var type = column.Type switch
        {
            ColumnType.Text => "TEXT",
            ColumnType.Bytes => "BLOB",
            ColumnType.Int32 or ColumnType.Int64 or ColumnType.Boolean => "INTEGER",
            _ => throw new InvalidOperationException($"SQLite has no rendering of {column.Type}."),
        };
        var nullable = column.Nullable ? "NULL" : "NOT NULL";
        return column.Generated ? $"{type} {nullable} CONSTRAINT \"PK_{table.Name}\" PRIMARY KEY AUTOINCREMENT" : $"{type} {nullable}";
    }

    private static string Names(IEnumerable<string> columns) => string.Join(", ", columns.Select(c => $"\"{c}\""));
}
