using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Statecast.Outbox;
using Statecast.Sqlite.Capture;
using Xunit;

namespace Statecast.Integration.Tests.Capture;

/// <summary>The EF model and the SQL script are renderings of one layout.</summary>
public sealed class TableLayoutTests
{
    [Fact]
    public async Task Model_and_script_make_the_same_tables()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var model = Open(world.ConnectionString);
        using var script = ByScript();

        foreach (var table in TableLayout.Tables)
        {
            var columns = Columns(model, table.Name);
            Assert.Equal(table.Columns.Select(c => c.Name), columns.Select(c => c.Split(' ')[0]));
            Assert.Equal(columns, Columns(script, table.Name));

            var indexes = Indexes(model, table.Name);
            foreach (var index in table.Indexes)
            {
                var found = indexes.Where(i => i[0] == table.NameOf(index)).ToList();
                Assert.Equal(index.Columns, found.Select(i => i[^1]));
                Assert.All(found, i => Assert.Equal(index.Filter is null ? "0" : "1", i[3]));
            }
            Assert.Equal(indexes, Indexes(script, table.Name));
        }
    }

    [Fact]
    public async Task Generated_numbers_are_never_used_again()
    {
        using var world = await CaptureWorld.CreateAsync();
        using var model = Open(world.ConnectionString);
        using var script = ByScript();
        var generated = TableLayout.Tables.Where(t => t.Columns.Any(c => c.Generated)).Select(t => t.Name).Order().ToList();
        Assert.Equal(2, generated.Count);
        foreach (var database in new[] { model, script })
            Assert.Equal(
                generated,
                Read(database, "SELECT name FROM sqlite_schema WHERE name LIKE 'statecast%' AND sql LIKE '%AUTOINCREMENT%' ORDER BY name")
                    .Select(r => r[0])
            );
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Script_changes_nothing_in_a_filled_database(bool madeByModel)
    {
        using var world = await CaptureWorld.CreateAsync();
        using var database = madeByModel ? Open(world.ConnectionString) : ByScript();
        foreach (var table in TableLayout.Tables)
            Assert.Equal(1, Execute(database, Fill(table)));
        var schema = Read(database, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid");
        var rows = TableLayout.Tables.Select(t => Read(database, $"SELECT * FROM {t.Name}")).ToList();
        var numbers = Read(database, "SELECT name, seq FROM sqlite_sequence");

        Execute(database, SqliteTableScript.Create);

        Assert.Equal(schema, Read(database, "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid"));
        Assert.Equal(rows, TableLayout.Tables.Select(t => Read(database, $"SELECT * FROM {t.Name}")));
        Assert.All(rows, Assert.NotEmpty);
        Assert.Equal(numbers, Read(database, "SELECT name, seq FROM sqlite_sequence"));
    }

    [Fact]
    public void Applications_own_conventions_do_not_reach_the_tables()
    {
        using var db = new ConventionDb();
        var head = db.Model.FindEntityType(TableLayout.Head.Name)!;

        Assert.Equal("statecast_head", head.GetTableName());
        Assert.Null(head.FindProperty("key")!.GetMaxLength());
    }

    private static SqliteConnection ByScript()
    {
        var connection = Open("Data Source=:memory:");
        Execute(connection, SqliteTableScript.Create);
        return connection;
    }

    private static SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>One row of a table, whatever its columns are.</summary>
    private static string Fill(TableDefinition table)
    {
        var values = table.Columns.Select(c =>
            c.Type switch
            {
                ColumnType.Text => "'filled'",
                ColumnType.Bytes => "x'0102'",
                _ => "41",
            }
        );
        return $"INSERT INTO {table.Name} VALUES ({string.Join(", ", values)})";
    }

    private static List<string> Columns(SqliteConnection connection, string table) =>
        [
            .. Read(connection, $"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}') ORDER BY cid")
                .Select(r => string.Join(' ', r)),
        ];

    /// <summary>Name, what it is for, and one line per column in the index's order.</summary>
    private static List<string[]> Indexes(SqliteConnection connection, string table) =>
        Read(
            connection,
            $"""
            SELECT i.name, i."unique", i.origin, i.partial, c.seqno, c."desc", c.coll, c.name
            FROM pragma_index_list('{table}') i, pragma_index_xinfo(i.name) c WHERE c.key ORDER BY i.name, c.seqno
            """
        );

    private static int Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private static List<string[]> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string[]>();
        while (reader.Read())
            rows.Add([
                .. Enumerable
                    .Range(0, reader.FieldCount)
                    .Select(i => reader.GetValue(i) is byte[] b ? Convert.ToHexString(b) : $"{reader.GetValue(i)}"),
            ]);
        return rows;
    }

    private sealed class ConventionDb : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) =>
            optionsBuilder
                .UseSqlite("Data Source=:memory:")
                .ConfigureWarnings(w => w.Ignore(CoreEventId.ManyServiceProvidersCreatedWarning));

        protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
            configurationBuilder.Properties<string>().HaveMaxLength(20);

        protected override void OnModelCreating(ModelBuilder modelBuilder) =>
            EntityFrameworkCore.ModelBuilderExtensions.AddStatecast(modelBuilder);
    }
}
