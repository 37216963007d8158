using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Statecast.Tests.Hosting;

/// <summary>Keeps what was logged.</summary>
internal sealed class CapturedLogger : ILogger, ILoggerProvider
{
    public ConcurrentQueue<(int Id, LogLevel Level, string Text)> Lines { get; } = [];

    public IEnumerable<string> Of(int id) => Lines.Where(l => l.Id == id).Select(l => l.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => Lines.Enqueue((eventId.Id, logLevel, formatter(state, exception)));

    public void Dispose() { }
}
