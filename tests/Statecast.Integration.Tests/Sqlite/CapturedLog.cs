using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Statecast.Sqlite.Transport;

namespace Statecast.Integration.Tests.Sqlite;

/// <summary>What the transport told people.</summary>
internal sealed class CapturedLog : ILogger<SqliteLogTransport>
{
    private readonly ConcurrentQueue<(int Id, string Text)> _lines = [];

    public IEnumerable<string> Of(int eventId) => _lines.Where(l => l.Id == eventId).Select(l => l.Text);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue((eventId.Id, formatter(state, exception)));
}
