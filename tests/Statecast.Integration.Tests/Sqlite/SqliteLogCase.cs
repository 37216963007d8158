using Microsoft.Data.Sqlite;
using Statecast.Conformance.Transport;
using Statecast.Events;
using Statecast.Sqlite;
using Statecast.Sqlite.Transport;
using Statecast.Transport;
using Xunit;
using static Statecast.Conformance.Transport.ProbeEvents;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>A test over the files of a log.</summary>
public abstract class SqliteLogCase : IDisposable
{
    private protected TempDirectory Folder { get; } = new();

    private protected CapturedLog Told { get; } = new();

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected string Log => Folder.File("log");

    protected string FilePath => Path.Combine(Log, $"{Source}.db");

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SqliteLogTransport Create() =>
        new(new SqliteLogOptions { Directory = Log, BusyTimeout = TimeSpan.FromMilliseconds(50) }, logger: Told);

    private protected ValueTask<ITransportSender> Sender(string source = Source, Contracts.StateContract? contract = null) =>
        Create().OpenSenderAsync(new(source, [new(contract ?? ProbeContracts.Item, 4, "json")]), Ct);

    private protected async Task<ProbeTarget> Target(
        Contracts.StateContract? contract = null,
        IReadOnlyDictionary<LaneId, long>? positions = null,
        string? source = null,
        long maxBytes = long.MaxValue
    ) =>
        new(
            await Create()
                .OpenReceiverAsync(new("target", null, contract ?? ProbeContracts.Item) { Source = source, MaxBytes = maxBytes }, Ct),
            positions
        );

    protected static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 2000 && !condition(); i++)
            await Task.Delay(10, Ct);
        Assert.True(condition(), "The condition did not come about within 20 s.");
    }

    protected static async Task<SqliteConnection> Raw(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync(Ct);
        return connection;
    }

    protected static async Task Execute(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }
}
