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
        using var model = new SqliteConnection(world.ConnectionString);
        using var script = new SqliteConnection("Data Source=:memory:");
        model.Open();
        script.Open();
        using (var create = script.CreateCommand())
        {
            create.CommandText = SqliteTableScript.Create + SqliteTableScript.Create;
            create.ExecuteNonQuery();
        }

        foreach (var table in TableLayout.Tables)
            Assert.Equal(Columns(model, table.Name), Columns(script, table.Name));
    }

    [Fact]
    public async Task Generated_numbers_are_never_used_again()
    {
        using var world = await CaptureWorld.CreateAsync();
        foreach (var table in TableLayout.Tables.Where(t => t.Columns.Any(c => c.Generated)))
            Assert.Equal(1, world.Number($"SELECT count(*) FROM sqlite_schema WHERE name = '{table.Name}' AND sql LIKE '%AUTOINCREMENT%'"));
        Assert.Equal(2, TableLayout.Tables.Count(t => t.Columns.Any(c => c.Generated)));
    }

    [Fact]
    public void Applications_own_conventions_do_not_reach_the_tables()
    {
        using var db = new ConventionDb();
        var head = db.Model.FindEntityType(TableLayout.Head.Name)!;

        Assert.Equal("statecast_head", head.GetTableName());
        Assert.Null(head.FindProperty("key")!.GetMaxLength());
    }

    private static List<string> Columns(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}') ORDER BY cid";
        using var reader = command.ExecuteReader();
        var columns = new List<string>();
        while (reader.Read())
            columns.Add($"{reader.GetString(0)} {reader.GetString(1)} {reader.GetInt32(2)} {reader.GetInt32(3)}");
        Assert.NotEmpty(columns);
        return columns;
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
