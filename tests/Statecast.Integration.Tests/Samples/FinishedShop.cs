using System.Text.Json;
using Microsoft.Data.Sqlite;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

/// <summary>One small run of the shop in one process, whose closed files are kept for all tests that look at them.</summary>
public sealed class FinishedShop : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();

    public JsonElement Report { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var run = await SampleProcess.RunAsync(
            "Shop",
            SampleProcess.Patience,
            "--orders",
            "200",
            "--json",
            "--data",
            _directory.File("shop")
        );
        run.RequireSuccess();
        Report = run.Json();
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A copy of the closed databases, for one test to damage.</summary>
    internal TempDirectory Copy()
    {
        var copy = new TempDirectory();
        foreach (var file in Directory.EnumerateFiles(_directory.File("shop"), "*.db"))
            File.Copy(file, copy.File(Path.GetFileName(file)));
        return copy;
    }
}
