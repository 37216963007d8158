using Statecast.Outbox;
using Statecast.Publishing;
using Statecast.Sqlite.Capture;
using Statecast.Sqlite.Outbox;

namespace Statecast.Sqlite;

/// <summary>SQLite as a source's database.</summary>
/// <param name="options">Settings of the connections.</param>
/// <param name="clock">The machine's clock.</param>
public sealed class SqliteAdapter(SqliteOptions options, TimeProvider clock) : IDatabaseAdapter
{
    /// <summary>The EF Core provider's name.</summary>
    public const string Provider = "Microsoft.EntityFrameworkCore.Sqlite";

    /// <inheritdoc/>
    public string ProviderName => Provider;

    /// <inheritdoc/>
    public ICaptureStore Capture => SqliteCaptureStore.Instance;

    /// <inheritdoc/>
    public IOutboxStore OpenOutbox(string connectionString) => new SqliteOutboxStore(connectionString, options, clock);
}
