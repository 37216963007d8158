using System.Text.Json;
using Microsoft.Data.Sqlite;
using PackageCatalog.Running;
using PackageCatalog.Verification;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

[Collection(SamplesCollection.Name)]
public sealed class PackageCatalogTests
{
    // In hexadecimal: 64 MiB of managed memory, for each process.
    private static readonly KeyValuePair<string, string> HeapLimit = new("DOTNET_GCHeapHardLimit", "0x4000000");

    private const string Rows = "\"statecast_rows.catalog.package.v1\"";
    private const string One = $"rowid = (SELECT min(rowid) FROM {Rows} WHERE NOT deleted)";

    [Fact]
    public async Task Excerpt_reaches_the_search_process_and_damage_to_its_file_is_found()
    {
        using var directory = new TempDirectory();
        var data = directory.File("catalog");
        var run = await SampleProcess.RunAsync("PackageCatalog", SampleProcess.Patience, "--json", "--data", data);
        run.RequireSuccess();
        var report = run.Json();
        RequireEqual(report);
        Assert.Equal(191, report.GetProperty("states").GetInt64());
        Assert.Equal(4, report.GetProperty("repeated").GetInt64());
        Assert.Equal(58, report.GetProperty("updates").GetInt64());
        Assert.Equal(12, report.GetProperty("removed").GetInt64());
        Assert.Equal(12, report.GetProperty("replicas")[0].GetProperty("tombstones").GetInt64());

        var changes = report.GetProperty("captured").GetInt64();
        Assert.Empty(await DifferencesAsync(data, changes, null));
        string[] damages =
        [
            $"UPDATE {Rows} SET body = CAST(replace(CAST(body AS TEXT), '\"version\":\"', '\"version\":\"9') AS BLOB) WHERE {One}",
            $"UPDATE {Rows} SET revision = revision + 1 WHERE {One}",
            $"UPDATE {Rows} SET deleted = 0 WHERE rowid = (SELECT min(rowid) FROM {Rows} WHERE deleted)",
            $"UPDATE {Rows} SET key = 'no-such-package' WHERE {One}",
            $"DELETE FROM {Rows} WHERE {One}",
            "UPDATE statecast_replica SET applied = applied + 1, received = received + 1",
        ];
        foreach (var damage in damages)
            Assert.NotEmpty(await DifferencesAsync(data, changes, damage));
    }

    [Fact]
    public async Task Whole_release_and_its_updates_reach_the_search_process()
    {
        if (Environment.GetEnvironmentVariable("STATECAST_DATA") is not { Length: > 0 } folder)
        {
            Assert.Skip("STATECAST_DATA names no folder with packages-bookworm.ndjson.gz and packages-updates.ndjson.gz.");
            return;
        }
        // All states at once would need several times as much, in either process: whoever keeps them ends here, out of memory.
        var run = await SampleProcess.RunAsync(
            "PackageCatalog",
            TimeSpan.FromMinutes(8),
            HeapLimit,
            "--packages",
            Path.Combine(folder, "packages-bookworm.ndjson.gz"),
            "--updates",
            Path.Combine(folder, "packages-updates.ndjson.gz"),
            "--json"
        );
        run.RequireSuccess();
        var report = run.Json();
        RequireEqual(report);
        Assert.Equal(63_440, report.GetProperty("states").GetInt64());
        Assert.Equal(3_054, report.GetProperty("updates").GetInt64());
        Assert.InRange(report.GetProperty("removed").GetInt64(), 1, 1000);
    }

    [Fact]
    public async Task Damaged_input_ends_the_run_with_file_and_line()
    {
        using var directory = new TempDirectory();
        var file = directory.File("bad.ndjson");
        await File.WriteAllTextAsync(file, "{\"name\": \"a\"\n", TestContext.Current.CancellationToken);
        var run = await SampleProcess.RunAsync("PackageCatalog", TimeSpan.FromMinutes(2), "--packages", file, "--json");
        Assert.Equal(1, run.Code);
        Assert.Contains($"{file}, line 1:", run.Errors);
        Assert.False(run.Json().GetProperty("equal").GetBoolean());
    }

    [Theory]
    [InlineData("--packages")]
    [InlineData("--updates")]
    public async Task Input_that_cannot_be_read_is_found_before_anything_starts(string option)
    {
        using var directory = new TempDirectory();
        var file = directory.File("missing.gz");
        var run = await SampleProcess.RunAsync("PackageCatalog", TimeSpan.FromMinutes(2), option, file, "--data", directory.File("data"));
        Assert.Equal(1, run.Code);
        Assert.Contains($"{file}: there is no such file.", run.Errors);
        Assert.Empty(run.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.File("data")));
    }

    [Fact]
    public async Task Unknown_option_is_answered_with_usage()
    {
        var run = await SampleProcess.RunAsync("PackageCatalog", TimeSpan.FromMinutes(1), "--nonsense");
        Assert.Equal(2, run.Code);
        Assert.Contains("Usage: PackageCatalog", run.Errors);
        Assert.Empty(run.Output);
    }

    private static void RequireEqual(JsonElement report)
    {
        Assert.True(report.GetProperty("equal").GetBoolean(), report.ToString());
        var replica = Assert.Single(report.GetProperty("replicas").EnumerateArray());
        Assert.True(replica.GetProperty("equal").GetBoolean());
        Assert.True(replica.GetProperty("keys").GetInt64() > 0);
        Assert.Equal(0, replica.GetProperty("parked").GetInt64());
        Assert.Equal(0, replica.GetProperty("waiting").GetInt64());
        Assert.Equal(0, replica.GetProperty("appliedTwice").GetInt64());
        Assert.True(Sum(replica, "received") > 0);
        Assert.Equal(
            Sum(replica, "received"),
            Sum(replica, "applied") + Sum(replica, "superseded") + Sum(replica, "parked") + Sum(replica, "dropped")
        );
        var saved = Sum(report, "states") + Sum(report, "updates") + Sum(report, "removed") - Sum(report, "unchanged");
        Assert.Equal(saved, Sum(report, "captured"));
        Assert.Equal(Sum(report, "captured") - Sum(report, "coalesced"), replica.GetProperty("applied").GetInt64());
    }

    private static long Sum(JsonElement report, string name) => report.GetProperty(name).GetInt64();

    private static async Task<IReadOnlyList<string>> DifferencesAsync(string data, long changes, string? damage)
    {
        using var copy = new TempDirectory();
        foreach (var file in Directory.EnumerateFiles(data, "*.db"))
            File.Copy(file, copy.File(Path.GetFileName(file)));
        var files = new CatalogFiles(copy.Path);
        if (damage is not null)
        {
            await using var connection = new SqliteConnection($"Data Source={files.Search};Pooling=False");
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = damage;
            Assert.True(await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0, damage);
        }
        var differences = new Differences();
        await new FileComparison(files).RunAsync(changes, differences, TestContext.Current.CancellationToken);
        return differences.Lines;
    }
}
