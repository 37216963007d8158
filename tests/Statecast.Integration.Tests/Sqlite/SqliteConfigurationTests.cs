using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Statecast.Hosting;
using Statecast.Integration.Tests.EndToEnd;
using Statecast.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Sqlite;

public sealed class SqliteConfigurationTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Sections_reach_the_log_the_outbox_and_the_replica()
    {
        using var host = Build(
            ("Statecast:Sqlite:BusyTimeout", "00:00:07"),
            ("Statecast:SqliteLog:PollInterval", "00:00:00.2"),
            ("Statecast:SqliteLog:MaxDeliveryBytes", "12345")
        );
        var log = host.Services.GetRequiredService<IOptions<SqliteLogOptions>>().Value;
        Assert.Equal(
            (TimeSpan.FromSeconds(7), TimeSpan.FromMilliseconds(200), 12345),
            (log.BusyTimeout, log.PollInterval, log.MaxDeliveryBytes)
        );
        var sqlite = host.Services.GetRequiredService<IOptionsMonitor<SqliteOptions>>();
        Assert.Equal(TimeSpan.FromSeconds(7), sqlite.CurrentValue.BusyTimeout);
        Assert.Equal(TimeSpan.FromSeconds(7), sqlite.Get("e2e.note.v1").BusyTimeout);
    }

    [Fact]
    public void Outbox_waits_as_long_as_the_log_was_told_to()
    {
        using var host = Build([], log => log.BusyTimeout = TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), host.Services.GetRequiredService<IOptions<SqliteOptions>>().Value.BusyTimeout);
    }

    [Theory]
    [InlineData("Statecast:Sqlite:BusyTimeout", "00:00:00", "Statecast:Sqlite or Statecast:SqliteLog: BusyTimeout is 00:00:00")]
    [InlineData("Statecast:Sqlite:BusyTimeuot", "00:00:09", "BusyTimeuot")]
    [InlineData("Statecast:SqliteLog:PollInterval", "1.00:00:00", "Statecast:SqliteLog: PollInterval is 1.00:00:00")]
    [InlineData("Statecast:Sqlite:BusyTimeout", "5", "'5' at 'Statecast:Sqlite:BusyTimeout'")]
    [InlineData("Statecast:SqliteLog:PollInterval", "soon", "Statecast:SqliteLog:PollInterval")]
    public async Task Setting_that_does_not_fit_stops_the_start(string key, string value, string message)
    {
        using var host = Build((key, value));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_that_was_told_nonsense_in_code_stops_the_start()
    {
        using var host = Build([], replica: r => r.BusyTimeout = TimeSpan.Zero);
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("BusyTimeout is 00:00:00", error.Message, StringComparison.Ordinal);
    }

    private IHost Build(params (string Key, string Value)[] configuration) => Build(configuration, null);

    private IHost Build(
        (string Key, string Value)[] configuration,
        Action<SqliteLogOptions>? log = null,
        Action<SqliteOptions>? replica = null
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (key, value) in configuration)
            builder.Configuration[key] = value;
        builder.Services.AddStatecast(
            "tests",
            s => s.UseSqliteLog(_directory.File("log"), log).Replica<NoteState>(r => r.InSqlite(_directory.File("replica.db"), replica))
        );
        return builder.Build();
    }
}
