using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>Keeps everything that is logged, of every level, and what was thrown with it.</summary>
internal sealed class HeardLog : ILogger, ILoggerProvider
{
    public ConcurrentQueue<(int Id, LogLevel Level, string Text)> Lines { get; } = [];

    /// <summary>A logger for one category.</summary>
    public ILogger<T> For<T>() => LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(this)).CreateLogger<T>();

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
    ) => Lines.Enqueue((eventId.Id, logLevel, $"{formatter(state, exception)} {exception}"));

    public void Dispose() { }
}
